// etcd-load asks an etcd as load asks lite-raft: the same options, the same closed
// loop, the same line of results (see load.c).  Each connection is a client of its
// own of etcd's library, and DEPTH of its goroutines ask at the same time.  Where
// there are several endpoints, what takes 100 ms is asked again.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/clientv3"
)

const (
	bucket  = 10 * time.Millisecond
	patient = 100 * time.Millisecond
	scatter = 2654435761
)

var (
	conns    = flag.Int("c", 1, "connections to each endpoint")
	depth    = flag.Int("d", 1, "requests outstanding on each")
	gets     = flag.Bool("g", false, "get instead of put")
	keys     = flag.Uint64("k", 10000, "number of keys")
	requests = flag.Uint64("n", 0, "end after so many")
	length   = flag.Float64("s", 3, "seconds")
	timeline = flag.String("t", "", "file for the number of answers in each 10 ms")
	bytes    = flag.Int("v", 100, "bytes of a value")
	warm     = flag.Float64("w", 0.5, "seconds that are not counted")
)

// One goroutine's answers.
type worker struct {
	sent, came []time.Duration // since the beginning
	bad        int
}

type load struct {
	mutex sync.Mutex
	asked uint64
	value string
	begun time.Time
	end   time.Duration
}

// next is the number of the next request; false when there is to be none.
func (l *load) next() (uint64, bool) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if *requests != 0 && l.asked >= *requests ||
		*requests == 0 && time.Since(l.begun) >= l.end {
		return 0, false
	}
	l.asked++
	return l.asked - 1, true
}

func (l *load) work(client *clientv3.Client, w *worker, several bool) {
	for {
		n, more := l.next()
		if !more {
			return
		}
		key := fmt.Sprintf("key%09d", n*scatter%*keys)
		ctx, cancel := context.Background(), func() {}
		if several {
			ctx, cancel = context.WithTimeout(ctx, patient)
		}
		sent := time.Since(l.begun)
		var err error
		if *gets {
			_, err = client.Get(ctx, key)
		} else {
			_, err = client.Put(ctx, key, l.value)
		}
		cancel()
		if err != nil {
			w.bad++
			time.Sleep(time.Millisecond)
			continue
		}
		w.sent = append(w.sent, sent)
		w.came = append(w.came, time.Since(l.begun))
	}
}

func die(err error) {
	fmt.Fprintf(os.Stderr, "etcd-load: cannot go on: %v\n", err)
	os.Exit(74)
}

// report prints the line of results.
func report(workers []worker, from, elapsed time.Duration) {
	var took, came []time.Duration
	bad := 0
	for i := range workers {
		w := &workers[i]
		bad += w.bad
		for j := range w.came {
			if w.came[j] >= from {
				took = append(took, w.came[j]-w.sent[j])
				came = append(came, w.came[j])
			}
		}
	}
	sort.Slice(took, func(i, j int) bool { return took[i] < took[j] })
	sort.Slice(came, func(i, j int) bool { return came[i] < came[j] })
	us := func(percent int) float64 {
		if len(took) == 0 {
			return 0
		}
		return float64(took[(len(took)-1)*percent/100]) / 1e3
	}
	gap := time.Duration(0)
	for i := 1; i < len(came); i++ {
		if came[i]-came[i-1] > gap {
			gap = came[i] - came[i-1]
		}
	}
	if len(came) > 0 && *requests == 0 && elapsed-came[len(came)-1] > gap {
		gap = elapsed - came[len(came)-1]
	}
	s := (elapsed - from).Seconds()
	fmt.Printf("n=%d s=%.3f per_s=%.1f p50_us=%.1f p90_us=%.1f p99_us=%.1f max_us=%.1f bad=%d gap_ms=%.1f\n",
		len(took), s, float64(len(took))/s, us(50), us(90), us(99), us(100), bad,
		float64(gap)/1e6)
}

// draw writes the timeline.
func draw(workers []worker, end time.Duration) {
	counts := make([]int, int(end/bucket)+1)
	for i := range workers {
		for _, at := range workers[i].came {
			if at < end {
				counts[int(at/bucket)]++
			}
		}
	}
	file, err := os.Create(*timeline)
	if err != nil {
		die(err)
	}
	out := bufio.NewWriter(file)
	for i, n := range counts {
		fmt.Fprintf(out, "%d %d\n", 10*i, n)
	}
	if err = out.Flush(); err != nil {
		die(err)
	}
}

func main() {
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: etcd-load [OPTION...] ENDPOINT...")
		os.Exit(64)
	}
	if *requests != 0 {
		*warm = 0
	}
	from := time.Duration(*warm * 1e9)
	l := load{value: strings.Repeat("abcdefghijklmnopqrstuvwxyz", *bytes/26+1)[:*bytes]}
	l.end = from + time.Duration(*length*1e9)
	var clients []*clientv3.Client
	for _, endpoint := range flag.Args() {
		for i := 0; i < *conns; i++ {
			client, err := clientv3.New(clientv3.Config{
				Endpoints: []string{endpoint}, DialTimeout: 30 * time.Second})
			if err == nil && flag.NArg() == 1 {
				// The connection is there before the clock runs.
				_, err = client.Get(context.Background(), "key")
			}
			if err != nil {
				die(err)
			}
			clients = append(clients, client)
		}
	}
	workers := make([]worker, len(clients)**depth)
	var wait sync.WaitGroup
	l.begun = time.Now()
	for i := range workers {
		wait.Add(1)
		go func(i int) {
			defer wait.Done()
			l.work(clients[i / *depth], &workers[i], flag.NArg() > 1)
		}(i)
	}
	wait.Wait()
	elapsed := time.Since(l.begun)
	report(workers, from, elapsed)
	if *timeline != "" {
		draw(workers, l.end)
	}
}
