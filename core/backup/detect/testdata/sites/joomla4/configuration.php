<?php
class JConfig {
	public $offline = false;
	public $offline_message = 'This site is down for maintenance.<br>Please check back again soon.';
	public $sitename = 'Acme\'s "Bakery"';
	public $dbtype = 'mysqli';
	public $host = 'localhost:3307';
	public $user = 'joomla';
	public $password = 'a\'b\\c$d"e';
	public $db = 'joomla_acme';
	public $dbprefix = 'j4_';
	public $dbencryption = 0;
	public $dbsslverifyservercert = false;
	public $secret = 'q9Zw';
	public $log_path = '/var/www/acme/administrator/logs';
}
