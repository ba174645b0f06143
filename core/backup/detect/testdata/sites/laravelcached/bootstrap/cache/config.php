<?php return array (
  'app' => 
  array (
    'name' => 'Acme',
    'debug' => false,
    'providers' => 
    array (
      0 => 'Illuminate\\Auth\\AuthServiceProvider',
    ),
    'maintenance' => Some\Thing::__set_state(array('x' => -1, )),
  ),
  'database' => 
  array (
    'default' => 'mysql',
    'connections' => 
    array (
      'sqlite' => 
      array (
        'driver' => 'sqlite',
        'url' => NULL,
        'database' => '/var/www/acme/database/database.sqlite',
      ),
      'mysql' => 
      array (
        'driver' => 'mysql',
        'url' => NULL,
        'read' => array ('host' => array (0 => '10.0.0.9', ), ),
        'write' => array ('host' => array (0 => '127.0.0.1', ), ),
        'host' => '127.0.0.2',
        'port' => '3306',
        'database' => 'cached',
        'username' => 'acme',
        'password' => 'it\'s',
        'unix_socket' => '',
        'prefix' => 'l_',
      ),
    ),
  ),
);
