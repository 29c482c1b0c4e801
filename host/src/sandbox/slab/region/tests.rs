//! Whatever is written to a slot, the next owner finds zeros; however it is made new.

use std::fs::File;

use super::*;

const SIZE: usize = 4 << 20;

fn each_renewal() -> Vec<Renewal> {
    let scan = Renewal::Scan(Arc::new(File::open("/proc/self/pagemap").unwrap()));
    vec![Renewal::Decommit, scan, Renewal::Zero]
}

fn region(slots: u32, guard: Guard, renewal: &Renewal) -> Arc<Region> {
    Region::reserve(SIZE, slots, guard, renewal.clone()).unwrap()
}

fn bytes(slot: &mut Slot) -> &mut [u8] {
    #[expect(unsafe_code, reason = "what an instance does")]
    // SAFETY: the slot is the caller's.
    unsafe {
        std::slice::from_raw_parts_mut(slot.start().as_ptr(), slot.size())
    }
}

#[test]
fn a_slot_is_new_whatever_was_written() {
    let everywhere = |step: usize| (0..SIZE).step_by(step).collect::<Vec<_>>();
    let writes = [
        vec![0],
        vec![SIZE - 1],
        vec![0, 70 << 10, 2 << 20],
        // Pages that are more, and lie more apart, than one scan finds.
        everywhere(3 * PAGE),
        everywhere(PAGE),
        Vec::new(),
    ];
    for renewal in each_renewal() {
        for guard in [Guard::Nothing, Guard::Page] {
            let region = region(1, guard, &renewal);
            for places in writes.iter().chain(writes.iter().rev()) {
                let mut slot = region.take().unwrap();
                let dirty = bytes(&mut slot).iter().position(|byte| *byte != 0);
                assert_eq!(dirty, None, "{renewal:?}");
                for place in places {
                    bytes(&mut slot)[*place] = 0xa5;
                }
                slot.give_back(SIZE);
            }
        }
    }
}

/// More than may keep pages: those beyond have none, and are new as well.
#[test]
fn slots_that_are_not_kept_are_new_too() {
    for renewal in each_renewal() {
        let count = u32::try_from(WARM_SLOTS).unwrap() + 10;
        let region = Region::reserve(PAGE, count, Guard::Nothing, renewal).unwrap();
        for _ in 0..2 {
            let mut slots: Vec<_> = (0..count).map(|_| region.take().unwrap()).collect();
            for slot in &mut slots {
                assert!(bytes(slot).iter().all(|byte| *byte == 0));
                bytes(slot).fill(0xa5);
                slot.give_back(PAGE);
            }
        }
    }
}

#[test]
fn slots_do_not_overlap_and_are_as_many_as_they_are() {
    let region = region(3, Guard::Page, &Renewal::Decommit);
    let mut slots: Vec<_> = (0..3).map(|_| region.take().unwrap()).collect();
    assert_eq!(region.take().unwrap_err().kind(), io::ErrorKind::QuotaExceeded);
    for (number, slot) in (1_u8..).zip(&mut slots) {
        assert_eq!(slot.guard().end, slot.start().as_ptr());
        bytes(slot).fill(number);
    }
    for (number, slot) in (1_u8..).zip(&mut slots) {
        assert!(bytes(slot).iter().all(|byte| *byte == number));
        slot.give_back(SIZE);
    }
    assert!(region.take().is_ok());
}

/// The kernel's own word: a guard can be written to by nobody.
#[test]
fn a_guard_cannot_be_written_to() {
    let region = region(2, Guard::Page, &Renewal::Decommit);
    let _first = region.take().unwrap();
    let second = region.take().unwrap();
    let (guard, start) = (second.guard().start as u64, second.start().as_ptr() as u64);
    let zeros = File::open("/dev/zero").unwrap();
    let read_to = |place: u64| {
        #[expect(unsafe_code, reason = "the kernel writes there, or says that it cannot")]
        // SAFETY: both places are of a slot that is this test's.
        let count = unsafe { libc::read(std::os::fd::AsRawFd::as_raw_fd(&zeros), place as *mut libc::c_void, 8) };
        if count < 0 {
            Err(last_error().raw_os_error())
        } else {
            Ok(count)
        }
    };
    assert_eq!(read_to(guard), Err(Some(libc::EFAULT)));
    assert_eq!(read_to(guard + PAGE as u64 - 8), Err(Some(libc::EFAULT)));
    assert_eq!(read_to(start), Ok(8));
}

/// More address space than memory, and far more than is ever used.
#[test]
fn a_slot_that_nobody_writes_to_takes_no_memory() {
    let region = Region::reserve(64 << 20, 100_000, Guard::Nothing, Renewal::Decommit).unwrap();
    let slots: Vec<_> = (0..100_000).map(|_| region.take().unwrap()).collect();
    assert_eq!(slots.len(), 100_000);
    let impossible = Region::reserve(1 << 40, 1 << 20, Guard::Nothing, Renewal::Decommit);
    assert_eq!(impossible.unwrap_err().kind(), io::ErrorKind::OutOfMemory);
}
