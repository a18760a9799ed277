package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
)

// answerLines decodes each line of `in`, and writes what `answer` makes of it as one line.
func answerLines[Q, A any](in io.Reader, out io.Writer, answer func(Q) A) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 1<<16), 1<<26)
	encoder := json.NewEncoder(out)
	for number := 1; lines.Scan(); number++ {
		var question Q
		if err := json.Unmarshal(lines.Bytes(), &question); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		if err := encoder.Encode(answer(question)); err != nil {
			return err
		}
	}
	return lines.Err()
}
