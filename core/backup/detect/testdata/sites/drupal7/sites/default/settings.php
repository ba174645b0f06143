<?php
$databases = array (
  'default' => 
  array (
    'default' => 
    array (
      'database' => 'd7',
      'username' => 'd7user',
      'password' => '',
      'host' => 'localhost',
      'port' => '',
      'driver' => 'mysql',
      'prefix' => array('default' => 'main_', 'users' => 'shared_'),
    ),
  ),
);
$update_free_access = FALSE;
