// The cases on Go's net/http with encoding/json, validated by hand.
package main

import (
	"encoding/json"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"unicode/utf8"
)

type item struct {
	Name     string   `json:"name"`
	Price    float64  `json:"price"`
	Quantity int      `json:"quantity"`
	Tags     []string `json:"tags"`
}

type pricedItem struct {
	ID       int      `json:"id"`
	Name     string   `json:"name"`
	Price    float64  `json:"price"`
	Quantity int      `json:"quantity"`
	Tags     []string `json:"tags"`
	Total    float64  `json:"total"`
}

type token struct {
	Index int    `json:"index"`
	Text  string `json:"text"`
}

func (i item) valid() bool {
	length := utf8.RuneCountInString(i.Name)
	return length >= 2 && length <= 100 && i.Price > 0 && i.Quantity >= 1 && i.Quantity <= 1000
}

func answer(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body)
}

func hello(w http.ResponseWriter, r *http.Request) {
	answer(w, http.StatusOK, map[string]string{"message": "Hello, World!"})
}

func priceItem(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	id, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/items/"))
	if err != nil {
		http.Error(w, "item_id must be an integer", http.StatusUnprocessableEntity)
		return
	}
	var i item
	if err := json.NewDecoder(r.Body).Decode(&i); err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	if !i.valid() {
		http.Error(w, "name, price or quantity out of range", http.StatusUnprocessableEntity)
		return
	}
	total := i.Price * float64(i.Quantity)
	answer(w, http.StatusCreated, pricedItem{id, i.Name, i.Price, i.Quantity, i.Tags, total})
}

func tokens(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	flusher := w.(http.Flusher)
	for index := 0; index < 100; index++ {
		runtime.Gosched()
		data, _ := json.Marshal(token{index, "word "})
		w.Write(append(append([]byte("data: "), data...), '\n', '\n'))
		flusher.Flush()
	}
}

func main() {
	http.HandleFunc("/hello", hello)
	http.HandleFunc("/items/", priceItem)
	http.HandleFunc("/tokens", tokens)
	if err := http.ListenAndServe("127.0.0.1:"+os.Getenv("BENCH_PORT"), nil); err != nil {
		panic(err)
	}
}
