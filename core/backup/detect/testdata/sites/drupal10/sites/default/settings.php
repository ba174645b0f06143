<?php

// phpcs:ignoreFile

/**
 * @file
 * Drupal site-specific configuration file.
 *
 * The format to specify multiple databases:
 * @code
 * $databases['default']['default'] = [
 *   'database' => 'databasename',
 *   'username' => 'sqlusername',
 * ];
 * @endcode
 */
$databases = [];

# $databases['default']['default'] = ['database' => 'commented'];

$settings['hash_salt'] = 'Xk2-9_q';
$settings['update_free_access'] = FALSE;
$settings['container_yamls'][] = $app_root . '/' . $site_path . '/services.yml';
$settings['trusted_host_patterns'] = ['^www\.acme\.example$'];
$config_directories = [];
if ($settings['hash_salt'] == 'none') {
  // Never so.
}

$databases['default']['default'] = array (
  'database' => 'acme_live',
  'username' => 'acme',
  'password' => 'it\'s a "secret" \\ $here; // not a comment',
  'prefix' => '',
  'host' => '127.0.0.1',
  'port' => '3307',
  'isolation_level' => 'READ COMMITTED',
  'driver' => 'mysql',
  'namespace' => 'Drupal\\mysql\\Driver\\Database\\mysql',
  'autoload' => 'core/modules/mysql/src/Driver/Database/mysql/',
);
$databases['default']['replica'][] = [
  'database' => 'acme_live', 'username' => 'reader', 'password' => getenv('REPLICA'), 'host' => 'db2.example', 'driver' => 'mysql',
];
$databases['migrate']['default'] = [
  'database' => 'old_acme',
  'username' => 'acme',
  'password' => "pw\$2\x41",
  'host' => 'localhost',
  'unix_socket' => '/run/mysqld/other.sock',
  'driver' => 'mysql',
  'prefix' => 'd7_',
];

if (file_exists($app_root . '/' . $site_path . '/settings.local.php')) {
  include $app_root . '/' . $site_path . '/settings.local.php';
}
