<?php
$databases['default']['default'] = ['driver' => 'pgsql', 'database' => 'shop', 'username' => 'shop', 'password' => 'p', 'host' => '/run/postgresql', 'port' => 5433];
