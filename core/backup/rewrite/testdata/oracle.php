<?php
// The judge of rewritten values. It reads pairs of values, old and new, each
// behind its length in four bytes, and answers each pair with one line:
//
//   unreadable   the old value is nothing that unserialize can read
//   same         the new value is the old one with the URLs changed
//   shape        the same, but the texts differ otherwise
//   lost         the new value is not the old one's structure
//
// It knows nothing of how the rewriter works: it reads both values with
// unserialize and walks through them.

enum Suit: string { case Hearts = 'H'; }

#[AllowDynamicProperties]
class Plain { public $a; protected $b; private $c; }

class Custom implements Serializable {
	public $data;
	public function serialize() { return $this->data; }
	public function unserialize($data) { $this->data = $data; }
}

error_reporting(0);
set_error_handler(fn() => true);
ini_set('memory_limit', '1G');

/** replace is what becomes of a text that is nothing but text. */
function replace(string $s): string {
	$end = '(?![a-z0-9_\-@\x80-\xff]|\.[a-z0-9\x80-\xff]|:\d|%3A\d)';
	$plain = '~(https?:)?((?:\\\\*/))(\2)(?:www\.)?old\.example(?::(?:80|443)(?!\d)|' . $end . ')~i';
	$s = preg_replace_callback($plain, fn($m) => ($m[1] === '' ? '' : 'https:') . $m[2] . $m[2] . 'new.example.org' . $m[2] . 'shop', $s);
	$encoded = '~(https?%3A)?(%2F%2F)(?:www\.)?old\.example(?:%3A(?:80|443)(?!\d)|' . $end . ')~i';
	return preg_replace_callback($encoded, fn($m) => ($m[1] === '' ? '' : 'https%3A') . '%2F%2Fnew.example.org%2Fshop', $s);
}

/** within is what becomes of a text that may hold serialized strings. */
function within(string $s): string {
	$out = '';
	$done = 0;
	while (preg_match('~(?<![a-z0-9_\-])s:(\d+):"~i', $s, $m, PREG_OFFSET_CAPTURE, $done)) {
		[$head, $at] = $m[0];
		$text = $at + strlen($head);
		if ($head[0] !== 's' || substr($s, $text + (int) $m[1][0], 2) !== '";') {
			$out .= replace(substr($s, $done, $text - $done));
			$done = $text;
			continue;
		}
		$inner = within(substr($s, $text, (int) $m[1][0]));
		$out .= replace(substr($s, $done, $at - $done)) . 's:' . strlen($inner) . ':"' . $inner . '";';
		$done = $text + $m[1][0] + 2;
	}
	return $out . replace(substr($s, $done));
}

/** read returns what a text is, serialized or JSON or nothing but text. */
function read(string $s): array {
	$t = trim($s);
	if (preg_match('~^[sSaOCE]:\d+:["{]~', $t)) {
		try {
			$v = unserialize(ltrim($s));
		} catch (Throwable) {
			$v = false;
		}
		return $v === false ? ['broken', $s] : ['serialized', $v];
	}
	if (preg_match('~^[\[{]~', $t)) {
		$v = json_decode($s, false, 512);
		if ($v !== null) {
			return ['json', $v];
		}
	}
	return ['text', $s];
}

class Walk {
	private array $seen = [];
	private int $left = 1000; // an array that holds itself has no end

	/** $how: 'old' replaces as it goes, 'new' does not, 'shape' leaves texts out. */
	public function __construct(private string $how) {}

	private function text(string $s): string {
		return match ($this->how) { 'old' => within($s), 'new' => $s, 'shape' => '' };
	}

	public function string(string $s): string {
		[$kind, $v] = read($s);
		if ($kind === 'broken') {
			return 'broken'; // it must stay that, and what is in it is nobody's
		}
		return $kind === 'text' ? 'text(' . $this->text($s) . ')' : "$kind(" . (new Walk($this->how))->value($v) . ')';
	}

	private function once(string $id): ?string {
		if (isset($this->seen[$id])) {
			return '#' . $this->seen[$id];
		}
		$this->seen[$id] = count($this->seen);
		return null;
	}

	public function value(mixed $v): string {
		if (--$this->left < 0) {
			return 'more';
		}
		if (is_string($v)) {
			return $this->string($v);
		}
		if ($v instanceof UnitEnum) {
			return 'enum ' . get_class($v) . '::' . $v->name;
		}
		if (is_object($v)) {
			$known = $this->once('object ' . spl_object_id($v));
			return $known ?? get_class($v) . $this->members((array) $v);
		}
		return is_array($v) ? 'array' . $this->members($v) : serialize($v);
	}

	private function members(array $a): string {
		$keys = array_map(fn($k) => is_string($k) ? $this->text($k) : $k, array_keys($a));
		if ($this->how === 'shape') {
			$keys = array_fill(0, count($a), 'key');
		} elseif (count(array_unique($keys, SORT_STRING)) < count($keys)) {
			$keys = array_keys($a);
		}
		$out = '{';
		$i = 0;
		foreach (array_keys($a) as $k) {
			$reference = ReflectionReference::fromArrayElement($a, $k);
			$known = $reference ? $this->once('reference ' . $reference->getId()) : null;
			$out .= serialize($keys[$i++]) . ($reference ? '=&' : '=>') . ($known ?? $this->value($a[$k])) . ',';
		}
		return $out . '}';
	}
}

function judge(string $old, string $new): string {
	if (read($old)[0] === 'broken' || read($old)[0] === 'text') {
		return 'unreadable';
	}
	if ((new Walk('old'))->string($old) === (new Walk('new'))->string($new)) {
		return 'same';
	}
	return (new Walk('shape'))->string($old) === (new Walk('shape'))->string($new) ? 'shape' : 'lost';
}

function frame(): ?string {
	$head = fread(STDIN, 4);
	if ($head === false || strlen($head) < 4) {
		return null;
	}
	$left = unpack('N', $head)[1];
	$s = '';
	while ($left > 0) {
		$part = fread(STDIN, $left);
		if ($part === false || $part === '') {
			return null;
		}
		$s .= $part;
		$left -= strlen($part);
	}
	return $s;
}

while (($old = frame()) !== null && ($new = frame()) !== null) {
	fwrite(STDOUT, judge($old, $new) . "\n");
}
