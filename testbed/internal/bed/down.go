package bed

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"tangram.dev/testbed/internal/plane"
)

// Down stops exactly the processes that a testbed in dir recorded and removes its data. A folder
// without a record is left alone: it is not ours to remove.
func Down(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	var processes []plane.Process
	if err := readJSON(plane.PidFile(dir), &processes); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s holds no testbed: it has no pids.json", dir)
		}
		return err
	}
	plane.Stop(processes)
	return os.RemoveAll(dir)
}
