//! Attribute numbers of `include/uapi/linux/netfilter/nf_tables.h`, under the kernel's names, and `nft`'s userdata of
//! `libnftnl/udata.h`. Numbers that the `libc` crate has are used from there.

macro_rules! numbers {
    ($type:ty: $($(#[$doc:meta])* $name:ident = $value:expr;)*) => { $($(#[$doc])* pub(crate) const $name: $type = $value;)* };
}

numbers! { u16:
    NFTA_LIST_ELEM = 1;

    NFTA_TABLE_NAME = 1;
    NFTA_TABLE_FLAGS = 2;
    NFTA_TABLE_HANDLE = 4;
    NFTA_TABLE_USERDATA = 6;

    NFTA_CHAIN_TABLE = 1;
    NFTA_CHAIN_HANDLE = 2;
    NFTA_CHAIN_NAME = 3;
    NFTA_CHAIN_HOOK = 4;
    NFTA_CHAIN_POLICY = 5;
    NFTA_CHAIN_USE = 6;
    NFTA_CHAIN_TYPE = 7;
    NFTA_CHAIN_USERDATA = 12;
    NFTA_HOOK_HOOKNUM = 1;
    NFTA_HOOK_PRIORITY = 2;

    NFTA_RULE_TABLE = 1;
    NFTA_RULE_CHAIN = 2;
    NFTA_RULE_HANDLE = 3;
    NFTA_RULE_EXPRESSIONS = 4;
    NFTA_RULE_USERDATA = 7;

    NFTA_SET_TABLE = 1;
    NFTA_SET_NAME = 2;
    NFTA_SET_FLAGS = 3;
    NFTA_SET_KEY_TYPE = 4;
    NFTA_SET_KEY_LEN = 5;
    NFTA_SET_DATA_TYPE = 6;
    NFTA_SET_DATA_LEN = 7;
    NFTA_SET_ID = 10;
    NFTA_SET_USERDATA = 13;
    NFTA_SET_HANDLE = 16;

    NFTA_SET_ELEM_KEY = 1;
    NFTA_SET_ELEM_DATA = 2;
    NFTA_SET_ELEM_FLAGS = 3;
    NFTA_SET_ELEM_USERDATA = 6;
    NFTA_SET_ELEM_LIST_TABLE = 1;
    NFTA_SET_ELEM_LIST_SET = 2;
    NFTA_SET_ELEM_LIST_ELEMENTS = 3;

    NFTA_DATA_VALUE = 1;
    NFTA_DATA_VERDICT = 2;
    NFTA_VERDICT_CODE = 1;
    NFTA_VERDICT_CHAIN = 2;

    NFTA_EXPR_NAME = 1;
    NFTA_EXPR_DATA = 2;

    NFTA_IMMEDIATE_DREG = 1;
    NFTA_IMMEDIATE_DATA = 2;
    NFTA_META_DREG = 1;
    NFTA_META_KEY = 2;
    NFTA_META_SREG = 3;
    NFTA_PAYLOAD_DREG = 1;
    NFTA_PAYLOAD_BASE = 2;
    NFTA_PAYLOAD_OFFSET = 3;
    NFTA_PAYLOAD_LEN = 4;
    NFTA_CT_DREG = 1;
    NFTA_CT_KEY = 2;
    NFTA_CT_DIRECTION = 3;
    NFTA_CT_SREG = 4;
    NFTA_FIB_DREG = 1;
    NFTA_FIB_RESULT = 2;
    NFTA_FIB_FLAGS = 3;
    NFTA_NG_DREG = 1;
    NFTA_NG_MODULUS = 2;
    NFTA_NG_TYPE = 3;
    NFTA_CMP_SREG = 1;
    NFTA_CMP_OP = 2;
    NFTA_CMP_DATA = 3;
    NFTA_RANGE_SREG = 1;
    NFTA_RANGE_OP = 2;
    NFTA_RANGE_FROM_DATA = 3;
    NFTA_RANGE_TO_DATA = 4;
    NFTA_BITWISE_SREG = 1;
    NFTA_BITWISE_DREG = 2;
    NFTA_BITWISE_LEN = 3;
    NFTA_BITWISE_MASK = 4;
    NFTA_BITWISE_XOR = 5;
    NFTA_LOOKUP_SET = 1;
    NFTA_LOOKUP_SREG = 2;
    NFTA_LOOKUP_DREG = 3;
    NFTA_LOOKUP_FLAGS = 5;
    NFTA_COUNTER_BYTES = 1;
    NFTA_COUNTER_PACKETS = 2;
    NFTA_LOG_GROUP = 1;
    NFTA_LOG_PREFIX = 2;
    NFTA_LOG_SNAPLEN = 3;
    NFTA_LOG_QTHRESHOLD = 4;
    NFTA_LIMIT_RATE = 1;
    NFTA_LIMIT_UNIT = 2;
    NFTA_LIMIT_BURST = 3;
    NFTA_LIMIT_TYPE = 4;
    NFTA_LIMIT_FLAGS = 5;
    NFTA_NAT_TYPE = 1;
    NFTA_NAT_FAMILY = 2;
    NFTA_NAT_REG_ADDR_MIN = 3;
    NFTA_NAT_REG_PROTO_MIN = 5;
    NFTA_NAT_FLAGS = 7;
    NFTA_MASQ_FLAGS = 1;
    NFTA_REJECT_TYPE = 1;
    NFTA_REJECT_ICMP_CODE = 2;
    NFTA_HASH_SREG = 1;
    NFTA_HASH_DREG = 2;
    NFTA_HASH_LEN = 3;
    NFTA_HASH_MODULUS = 4;
    NFTA_HASH_SEED = 5;
    NFTA_HASH_TYPE = 7;

    NFTA_GEN_ID = 1;
}

numbers! { u32:
    /// `NFT_DATA_VERDICT`: the data type of verdict maps.
    DATA_VERDICT = 0xffff_ff00;
    SET_CONSTANT = 0x2;
    SET_INTERVAL = 0x4;
    SET_MAP = 0x8;
    SET_ELEM_INTERVAL_END = 0x1;
    LOOKUP_INVERTED = 0x1;
    LIMIT_OVER = 0x1;
    /// `NFT_RULE_MAXEXPRS`.
    RULE_MAX_EXPRESSIONS = 128;
}

numbers! { u8:
    UDATA_COMMENT = 0;
    UDATA_SET_KEYBYTEORDER = 0;
    UDATA_SET_DATABYTEORDER = 1;
    UDATA_SET_COMMENT = 7;
}
