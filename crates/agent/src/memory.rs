//! What was read and is not needed any more is given back to the system.
//!
//! A world of 100,000 pods is read bit by bit, copied into the engine, and dropped. The allocator keeps what was freed for
//! later, of which there is little: a pod that comes needs less than a kilobyte.

/// Gives back whole pages that hold nothing. Other allocators than glibc's do so themselves, or cannot be told.
#[cfg(target_env = "gnu")]
#[expect(unsafe_code, reason = "no crate that we use offers it")]
pub(crate) fn give_back() {
    // SAFETY: `malloc_trim` only touches what the allocator holds as free, under its own locks (malloc_trim(3)).
    unsafe { nix::libc::malloc_trim(0) };
}

#[cfg(not(target_env = "gnu"))]
pub(crate) const fn give_back() {}
