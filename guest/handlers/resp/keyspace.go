package main

import (
	"slices"
	"time"
)

// moment is a point in time, in milliseconds since the keyspace was made.
type moment int64

// never is the end of a key that has none.
const never moment = -1

// keyspace has the keys, their values, and when they end. A key whose time is up is gone for every method, and is removed by
// the first that meets it.
type keyspace struct {
	entries map[string]entry
	now     func() moment
}

type entry struct {
	value []byte
	ends  moment
}

func newKeyspace() *keyspace {
	start := time.Now()
	return &keyspace{
		entries: map[string]entry{},
		now:     func() moment { return moment(time.Since(start).Milliseconds()) },
	}
}

// get returns the entry of a key; it asks for the time only if the key ends at all.
func (k *keyspace) get(key []byte) (entry, bool) {
	found, ok := k.entries[string(key)]
	if ok && found.ends != never && found.ends <= k.now() {
		delete(k.entries, string(key))
		return entry{ends: never}, false
	}
	if !ok {
		return entry{ends: never}, false
	}
	return found, true
}

func (k *keyspace) contains(key []byte) bool {
	_, ok := k.get(key)
	return ok
}

func (k *keyspace) set(key, value []byte, ends moment) {
	k.entries[string(key)] = entry{value, ends}
}

func (k *keyspace) remove(key []byte) bool {
	ok := k.contains(key)
	delete(k.entries, string(key))
	return ok
}

// keys returns all keys in their order, so that KEYS gives the same answer each time.
func (k *keyspace) keys() []string {
	k.removeEnded()
	keys := make([]string, 0, len(k.entries))
	for key := range k.entries {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func (k *keyspace) len() int {
	k.removeEnded()
	return len(k.entries)
}

// ending is how many of the keys end.
func (k *keyspace) ending() int {
	k.removeEnded()
	count := 0
	for _, entry := range k.entries {
		if entry.ends != never {
			count++
		}
	}
	return count
}

func (k *keyspace) clear() {
	clear(k.entries)
}

func (k *keyspace) removeEnded() {
	now := k.now()
	for key, entry := range k.entries {
		if entry.ends != never && entry.ends <= now {
			delete(k.entries, key)
		}
	}
}
