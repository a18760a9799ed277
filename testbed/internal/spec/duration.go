package spec

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is a span written as "90s", "2h30m" or "14d".
type Duration time.Duration

// Std is the span as the standard library has it.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// UnmarshalJSON reads the written form.
func (d *Duration) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("%s is not a duration; write it as text, such as \"90s\" or \"14d\"", data)
	}
	span, err := parseDuration(text)
	if err != nil {
		return err
	}
	*d = Duration(span)
	return nil
}

func parseDuration(text string) (time.Duration, error) {
	wrong := fmt.Errorf("%q is not a duration; write it as \"90s\", \"2h30m\" or \"14d\"", text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 0 || n > 3650 {
			return 0, wrong
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	span, err := time.ParseDuration(text)
	if err != nil || span < 0 {
		return 0, wrong
	}
	return span, nil
}
