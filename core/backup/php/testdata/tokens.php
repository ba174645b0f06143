<?php
// Prints the literals of each file that is named on a line of the standard
// input, as PHP itself reads them: where each begins and ends, and its value.
while (($file = fgets(STDIN)) !== false) {
	$found = [];
	$at = 0;
	$within = false;
	foreach (token_get_all(file_get_contents(trim($file))) as $token) {
		$text = is_array($token) ? $token[1] : $token;
		if ($token === '"' || is_array($token) && in_array($token[0], [T_START_HEREDOC, T_END_HEREDOC])) {
			$within = !$within;
		}
		if (!$within && is_array($token) && $token[0] === T_CONSTANT_ENCAPSED_STRING) {
			$found[] = [$at, $at + strlen($text), base64_encode(eval("return $text;"))];
		}
		$at += strlen($text);
	}
	echo json_encode($found), "\n";
}
