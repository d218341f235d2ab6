//! Namespaces for tests: one user namespace for the program if it is not root, one network namespace for each test.

use std::fs;
use std::os::fd::AsRawFd;

use libtest_mimic::Failed;
use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recv, sendto, socket,
};
use nix::unistd::{getegid, geteuid};
use podfence_netlink::nft::Nftables;

/// Makes network namespaces possible for every thread to come, or says why they are not. Call it before there are threads.
pub fn enter() -> Result<(), String> {
    if !geteuid().is_root() {
        enter_user_namespace()?;
    }
    on_thread(|| {
        unshare(CloneFlags::CLONE_NEWNET)
            .map_err(|errno| format!("no new network namespace: {}", errno.desc()))?;
        Nftables::open().and_then(|mut nft| nft.tables()).map_err(|error| error.to_string())?;
        Ok(())
    })
}

fn enter_user_namespace() -> Result<(), String> {
    let (user, group) = (geteuid(), getegid());
    let flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS;
    unshare(flags).map_err(|errno| format!("no user namespace: {}", errno.desc()))?;
    let write = |file: &str, text: String| {
        fs::write(format!("/proc/self/{file}"), text).map_err(|error| format!("cannot write {file}: {error}"))
    };
    write("setgroups", "deny".into())?;
    write("uid_map", format!("0 {user} 1"))?;
    write("gid_map", format!("0 {group} 1"))
}

/// Runs a test in a fresh network namespace with its loopback interface up.
pub fn run(test: fn()) -> Result<(), Failed> {
    on_thread(move || {
        unshare(CloneFlags::CLONE_NEWNET).map_err(|errno| errno.desc().to_owned())?;
        raise_loopback().map_err(|errno| format!("cannot raise lo: {}", errno.desc()))?;
        test();
        Ok(())
    })
    .map_err(Failed::from)
}

fn on_thread(body: impl FnOnce() -> Result<(), String> + Send + 'static) -> Result<(), String> {
    match std::thread::spawn(body).join() {
        Ok(result) => result,
        Err(panic) => Err(panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
            .unwrap_or_else(|| "the test panicked".into())),
    }
}

/// `RTM_NEWLINK` for interface 1 with `IFF_UP`.
fn raise_loopback() -> nix::Result<()> {
    const RTM_NEWLINK: u16 = 16;
    const REQUEST_AND_ACK: u16 = 5;
    const UP: u32 = 1;
    let mut message = Vec::new();
    message.extend(32_u32.to_ne_bytes());
    message.extend(RTM_NEWLINK.to_ne_bytes());
    message.extend(REQUEST_AND_ACK.to_ne_bytes());
    message.extend([0; 8]);
    message.extend([0; 4]);
    for word in [1_u32, UP, UP] {
        message.extend(word.to_ne_bytes());
    }
    let kind = SockType::Raw;
    let fd = socket(AddressFamily::Netlink, kind, SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkRoute)?;
    sendto(fd.as_raw_fd(), &message, &NetlinkAddr::new(0, 0), MsgFlags::empty())?;
    let mut answer = [0; 256];
    recv(fd.as_raw_fd(), &mut answer, MsgFlags::empty())?;
    let errno = i32::from_ne_bytes([answer[16], answer[17], answer[18], answer[19]]);
    if errno == 0 { Ok(()) } else { Err(nix::errno::Errno::from_raw(-errno)) }
}
