//go:build wasip1

package abi

import "unsafe"

// window is where the host writes the next list that it returns; it is a part of a slice that somebody keeps.
var (
	window     unsafe.Pointer
	windowSize uintptr
)

// spare is memory for what does not go into the window: texts, addresses of Unix sockets, outcomes. It is used anew by
// each call.
var (
	spare     unsafe.Pointer
	spareSize uintptr
	spareUsed uintptr
)

// begin makes room for the next call. Nothing that the one before returned is read any more.
func begin() {
	window, windowSize, spareUsed = nil, 0, 0
}

func beginFilling(p []byte) {
	begin()
	window, windowSize = unsafe.Pointer(unsafe.SliceData(p)), uintptr(len(p))
}

//go:wasmexport cabi_import_realloc
//go:nosplit
func importRealloc(_ unsafe.Pointer, oldSize, align, size uint32) unsafe.Pointer {
	if oldSize != 0 {
		// The host makes lists at once, and grows none.
		trap()
	}
	n, mask := uintptr(size), uintptr(align)-1
	if align == 1 && n <= windowSize {
		p := window
		window, windowSize = unsafe.Add(p, n), windowSize-n
		return p
	}
	at := (spareUsed + mask) &^ mask
	if at+n > spareSize {
		growSpare(n)
		at = 0
	}
	spareUsed = at + n
	return unsafe.Add(spare, at)
}

// growSpare replaces the spare memory by one twice as large. That before is lost, because the call that is under way may
// use it; all that are lost are no larger than the last.
func growSpare(n uintptr) {
	spareSize = max(2*spareSize, (n+page-1)&^(page-1), page)
	spare = sbrk(spareSize)
	if spare == nil {
		trap()
	}
}

// page is the unit of sbrk.
const page = 1 << 16

// sbrk returns zeroed memory that the collector does not know, or nil. It neither allocates from the heap nor calls the
// host, and works before the runtime is initialized.
//
//go:linkname sbrk runtime.sbrk
func sbrk(n uintptr) unsafe.Pointer

// What the runtime sets aside before its heap, and what the heap is aligned to. Measured with Go 1.27; other numbers are
// safe and cost time.
const (
	beforeHeap = 6 * page
	heapArena  = 8 * page
)

// adapterNeeds is what the adapter of WASI preview 1 asks for, in two calls: a stack and its state.
const adapterNeeds = 2 * page

var adapter, adapterEnd uintptr

// adapterRealloc gives the adapter its memory, at its first call, which comes before the runtime has a heap.
//
// The runtime then rounds up to the alignment of its heap, and clears what it has skipped: up to 128 pages of the
// processor that each instance would touch for nothing, nearly half of what it touches at all. So they are skipped here.
//
//go:wasmexport cabi_realloc_adapter
//go:nosplit
func adapterRealloc(_ unsafe.Pointer, oldSize, align, size uint32) unsafe.Pointer {
	mask, n := uintptr(align)-1, uintptr(size)
	at := (adapter + mask) &^ mask
	if at+n > adapterEnd || adapter == 0 {
		adapter = adapterMemory(n)
		at = (adapter + mask) &^ mask
	}
	adapter = at + n
	return unsafe.Add(nil, at)
}

func adapterMemory(n uintptr) uintptr {
	n = max((n+page-1)&^(page-1), adapterNeeds)
	first := adapterEnd == 0
	begin := uintptr(sbrk(n))
	if begin == 0 {
		trap()
	}
	adapterEnd = begin + n
	if first {
		sbrk(-(adapterEnd + beforeHeap) & (heapArena - 1))
	}
	return begin
}

// Trap is the instruction unreachable: what a host that breaks the rules of wit/ gets.
//
//go:nosplit
func Trap() {
	trap()
}

func trap()
