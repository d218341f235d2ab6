//! Numbers of `include/uapi/linux/{rtnetlink,if_link,if_addr,pkt_sched}.h`, under the kernel's names.

macro_rules! numbers {
    ($type:ty: $($(#[$doc:meta])* $name:ident = $value:expr;)*) => { $($(#[$doc])* pub(super) const $name: $type = $value;)* };
}

numbers! { u16:
    RTM_NEWLINK = 16;
    RTM_GETLINK = 18;
    RTM_NEWADDR = 20;
    RTM_GETADDR = 22;
    RTM_NEWROUTE = 24;
    RTM_GETROUTE = 26;
    RTM_NEWTFILTER = 44;
    RTM_GETTFILTER = 46;

    IFLA_IFNAME = 3;
    IFLA_LINK = 5;
    IFLA_MASTER = 10;
    IFLA_LINKINFO = 18;
    IFLA_LINK_NETNSID = 37;
    IFLA_XDP = 43;
    IFLA_XDP_ATTACHED = 2;
    IFLA_INFO_KIND = 1;
    IFLA_INFO_DATA = 2;
    IFLA_BR_NF_CALL_IPTABLES = 36;
    IFLA_BR_NF_CALL_IP6TABLES = 37;

    IFA_ADDRESS = 1;
    IFA_LOCAL = 2;
    IFA_TARGET_NETNSID = 10;

    RTA_DST = 1;
    RTA_OIF = 4;
    RTA_GATEWAY = 5;
    RTA_MULTIPATH = 9;
    RTA_TABLE = 15;
    RTA_VIA = 18;

    TCA_KIND = 1;
}

/// `sizeof(struct ifinfomsg)`.
pub(super) const LINK_HEADER: usize = 16;
/// `sizeof(struct ifaddrmsg)`.
pub(super) const ADDRESS_HEADER: usize = 8;
/// `sizeof(struct rtmsg)`.
pub(super) const ROUTE_HEADER: usize = 12;
/// `sizeof(struct tcmsg)`.
pub(super) const FILTER_HEADER: usize = 20;

pub(super) const RT_TABLE_MAIN: u8 = 254;
pub(super) const RTN_UNICAST: u8 = 1;
pub(super) const RTN_LOCAL: u8 = 2;
/// Answers to lookups, and routes that exceptions made, which dumps of IPv6 may hold.
pub(super) const RTM_F_CLONED: u32 = 0x200;
/// `TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)`.
pub(super) const TC_INGRESS: u32 = 0xffff_fff2;
/// `TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)`.
pub(super) const TC_EGRESS: u32 = 0xffff_fff3;
