//! Whether the kernel's clock is kept by somebody.

use std::io;

use nix::errno::Errno;
use nix::libc;

/// Whether a time service keeps the clock, as the kernel was told (`adjtimex`, without changing anything).
#[expect(unsafe_code, reason = "nix has no adjtimex")]
pub fn is_synchronised() -> io::Result<bool> {
    // SAFETY: all fields are integers, for which zero is a value; `modes` of zero only reads.
    let mut state: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: the kernel writes to `state` alone, which lives through the call.
    let clock = Errno::result(unsafe { libc::adjtimex(&raw mut state) })?;
    Ok(clock != libc::TIME_ERROR && state.status & libc::STA_UNSYNC == 0)
}
