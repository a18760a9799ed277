package dcgm

import (
	"net/http"
	"sync/atomic"
	"time"
)

// Server answers scrapes of every node from the newest fleet. Safe from any goroutine.
type Server struct {
	fleet atomic.Pointer[Fleet]
	gone  atomic.Pointer[map[string]bool] // nodes that were deleted
}

// Show replaces what is measured. The exporter of a node in `gone` answers no more.
func (s *Server) Show(f *Fleet, gone map[string]bool) {
	s.fleet.Store(f)
	s.gone.Store(&gone)
}

// Handler serves MetricsPath of each node.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /nodes/{node}/metrics", func(w http.ResponseWriter, r *http.Request) {
		f, name := s.fleet.Load(), r.PathValue("node")
		if f == nil || f.Nodes[name] == nil || (*s.gone.Load())[name] {
			http.Error(w, "no exporter runs on this node", http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_ = f.WriteScrape(w, name, time.Now()) // a caller that hung up is no fault of ours
	})
	return mux
}
