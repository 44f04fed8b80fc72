package wire

import (
	"strconv"
	"unicode/utf8"
)

// PathString is the path's argument i. A route matches only with all of its arguments there.
func (q *Request) PathString(i int) (*string, *FieldError) { return location(q.Path[i]) }

// PathInt is the path's argument i as a whole number of that many bits.
func (q *Request) PathInt(i, bits int) (*int64, *FieldError) {
	n, err := strconv.ParseInt(q.Path[i], 10, bits)
	if err != nil {
		return nil, &FieldError{Rule: Type, Want: "an integer"}
	}
	return &n, nil
}

// HeaderString is a header's value, nil when it is absent or empty.
func (q *Request) HeaderString(name string) (*string, *FieldError) {
	if s := q.Header.Get(name); s != "" {
		return location(s)
	}
	return nil, nil
}

// QueryString is the first value of a query's parameter, nil when it is absent.
func (q *Request) QueryString(name string) (*string, *FieldError) {
	if values := q.Query[name]; len(values) > 0 {
		return location(values[0])
	}
	return nil, nil
}

// QueryStrings are all values of a query's parameter, which a client repeats for each, nil when it is absent.
func (q *Request) QueryStrings(name string) ([]string, *FieldError) {
	values := q.Query[name]
	for i, s := range values {
		if _, e := location(s); e != nil {
			return nil, e.At(i)
		}
	}
	return values, nil
}

// QueryInt32 is the first value of a query's parameter as a whole number of 32 bits, nil when it is absent.
func (q *Request) QueryInt32(name string) (*int64, *FieldError) {
	values := q.Query[name]
	if len(values) == 0 {
		return nil, nil
	}
	n, err := strconv.ParseInt(values[0], 10, 32)
	if err != nil {
		return nil, &FieldError{Rule: Type, Want: "an integer"}
	}
	return &n, nil
}

func location(s string) (*string, *FieldError) {
	if !utf8.ValidString(s) {
		return nil, &FieldError{Rule: Encoding}
	}
	return &s, nil
}
