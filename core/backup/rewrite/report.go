package rewrite

// Counts say what became of values. All of them count; the zero value is
// nothing.
type Counts struct {
	// Values is how many values were changed.
	Values int64 `json:"values"`

	// What was replaced, by the form in which it stood.
	Plain    int64 `json:"plain"`    // https://old.example
	Escaped  int64 `json:"escaped"`  // https:\/\/old.example
	Encoded  int64 `json:"encoded"`  // https%3A%2F%2Fold.example
	Relative int64 `json:"relative"` // //old.example, in any of these
	Hosts    int64 `json:"hosts"`    // old.example, and the path beside it, in the tables of a WordPress network or a PrestaShop
	Paths    int64 `json:"paths"`    // /var/www/old, in any of these

	// What was left as it was.
	Unparsed int64 `json:"unparsed"`  // looked serialized, held something to replace, and was not readable
	Base64   int64 `json:"base64"`    // base64 that holds something to replace
	Keys     int64 `json:"keys"`      // arrays of which two keys would have become one
	TooLarge int64 `json:"too_large"` // values above the limit of size
}

// Replaced is how many occurrences were replaced, in all forms.
func (c Counts) Replaced() int64 {
	return c.Plain + c.Escaped + c.Encoded + c.Relative + c.Hosts + c.Paths
}

// Left is how many values and arrays were left though they hold, or may hold,
// something to replace.
func (c Counts) Left() int64 { return c.Unparsed + c.Base64 + c.Keys + c.TooLarge }

// Add adds other to c.
func (c *Counts) Add(other Counts) {
	c.Values += other.Values
	c.Plain += other.Plain
	c.Escaped += other.Escaped
	c.Encoded += other.Encoded
	c.Relative += other.Relative
	c.Hosts += other.Hosts
	c.Paths += other.Paths
	c.Unparsed += other.Unparsed
	c.Base64 += other.Base64
	c.Keys += other.Keys
	c.TooLarge += other.TooLarge
}

// Report says what was done to a dump, or to the values of a database.
type Report struct {
	// Total is all of Tables together.
	Total Counts `json:"total"`
	// Tables has the tables in which anything was replaced or left, by the name
	// that the dump has for them. What stands outside of all rows (views,
	// triggers, defaults) is under "".
	Tables map[string]Counts `json:"tables,omitempty"`
	// Read and Written are bytes of the dump.
	Read    int64 `json:"read"`
	Written int64 `json:"written"`
}

// Add adds what became of values of a table.
func (r *Report) Add(table string, c Counts) {
	if c == (Counts{}) {
		return
	}
	if r.Tables == nil {
		r.Tables = map[string]Counts{}
	}
	sum := r.Tables[table]
	sum.Add(c)
	r.Tables[table] = sum
	r.Total.Add(c)
}

// subtract takes what was replaced in other off c.
func (c *Counts) subtract(other Counts) {
	c.Plain -= other.Plain
	c.Escaped -= other.Escaped
	c.Encoded -= other.Encoded
	c.Relative -= other.Relative
	c.Hosts -= other.Hosts
	c.Paths -= other.Paths
}
