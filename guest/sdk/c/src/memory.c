#include "memory.h"

#include <stdint.h>
#include <stdlib.h>

static void *lent;
static size_t lent_size;

void socketserver_lend(void *memory, size_t size) {
    lent = memory;
    lent_size = size;
}

void socketserver_take_back(void) {
    lent = NULL;
    lent_size = 0;
}

bool socketserver_is_lent(const void *memory) {
    return lent != NULL && memory == lent;
}

/** What the host calls for the memory of what it returns; the canonical ABI names it. */
__attribute__((export_name("cabi_realloc")))
void *cabi_realloc(void *memory, size_t old_size, size_t alignment, size_t size) {
    if (size == 0) return (void *)(uintptr_t)alignment;
    if (old_size == 0 && alignment == 1 && size <= lent_size) {
        lent_size = 0;
        return lent;
    }
    if (old_size == 0 && alignment > _Alignof(max_align_t)) {
        // The adapter of WASI's preview 1 wants pages.
        memory = aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    } else {
        memory = realloc(memory, size);
    }
    if (memory == NULL) abort();
    return memory;
}

/** The generated bindings ask for an object with the types of the component, which a build adds at its end instead. */
void __component_type_object_force_link_bindings(void) {
}
