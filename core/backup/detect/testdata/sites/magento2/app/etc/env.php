<?php
return [
    'backend' => ['frontName' => 'admin_1a2b'],
    'crypt' => ['key' => '0123456789abcdef'],
    'db' => [
        'table_prefix' => 'm2_',
        'connection' => [
            'default' => [
                'host' => '[::1]:3306',
                'dbname' => 'magento',
                'username' => 'magento',
                'password' => 'x#y=z',
                'model' => 'mysql4',
                'engine' => 'innodb',
                'initStatements' => 'SET NAMES utf8;',
                'active' => '1',
                'driver_options' => [1014 => false, \PDO::MYSQL_ATTR_LOCAL_INFILE => 1],
            ],
            'checkout' => ['host' => '/run/mysqld/mysqld.sock', 'dbname' => 'magento_checkout', 'username' => 'checkout', 'password' => ''],
            'sales' => ['host' => getenv('SALES'), 'dbname' => 'magento_sales', 'username' => 'sales', 'password' => ''],
        ],
        'slave_connection' => ['default' => ['host' => 'db2', 'dbname' => 'magento', 'username' => 'r', 'password' => '']],
    ],
    'x-frame-options' => 'SAMEORIGIN',
    'MAGE_MODE' => 'production',
];
