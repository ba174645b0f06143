<?php
// Only here is the true host.
$databases['default']['default']['host'] = '::1';
$settings['skip_permissions_hardening'] = TRUE;
