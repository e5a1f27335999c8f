//! What is asked of Ganeti about instances: as little as decisions need, since it is asked for all of them at once.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use cyclades_domain::vm::Boot;
use ganeti_rapi::{Cells, QueryRow, StrList, Text};
use serde::{
    Deserialize, Deserializer,
    de::{Error, SeqAccess, Visitor},
};

/// The fields of a whole row, in the order in which it is read, and others after them.
macro_rules! instance_fields {
    ($($more:literal)?) => {
        &[
            "name",
            "uuid",
            "serial_no",
            "pnode",
            "be/maxmem",
            "be/vcpus",
            "disk.sizes",
            "tags",
            "hv/boot_order",
            "hv/cdrom_image_path",
            "hv/kernel_path",
            "hypervisor",
            "disk.names",
            "custom_hvparams",
            $($more,)?
        ]
    };
}

/// An instance's configuration. Ganeti answers it from memory, without asking a node.
#[derive(Debug)]
pub(crate) struct InstanceRow<'a> {
    pub(crate) lean: LeanRow<'a>,
    pub(crate) tags: StrList<'a>,
    /// What it boots from.
    pub(crate) boot: Boot,
    pub(crate) hypervisor: Text<'a>,
    pub(crate) disk_names: Listed<Box<str>>,
    /// Hypervisor parameters that are set on the instance itself.
    pub(crate) parameters: BTreeMap<Box<str>, Scalar>,
}

impl<'de> QueryRow<'de> for InstanceRow<'de> {
    const FIELDS: &'static [&'static str] = instance_fields!();

    fn from_cells<A: SeqAccess<'de>>(cells: &mut Cells<A>) -> Result<Self, A::Error> {
        let lean = LeanRow::from_cells(cells)?;
        let tags = cells.optional()?.unwrap_or_default();
        let mut text = || cells.optional::<Text<'de>>();
        let (order, medium, kernel) = (text()?, text()?, text()?);
        Ok(Self {
            lean,
            tags,
            boot: Boot::read(order.as_deref(), medium.as_deref(), kernel.as_deref()),
            hypervisor: cells.optional()?.unwrap_or_default(),
            disk_names: cells.optional()?.unwrap_or_default(),
            parameters: cells.optional()?.unwrap_or_default(),
        })
    }
}

/// The same without tags and what else is rare, which are half of it: a change of those shows in the serial number, and then
/// they are asked for. The size of a disk does not show there.
#[derive(Debug)]
pub(crate) struct LeanRow<'a> {
    pub(crate) name: Text<'a>,
    pub(crate) uuid: Text<'a>,
    pub(crate) serial_no: u64,
    pub(crate) node: Text<'a>,
    pub(crate) memory_mib: u64,
    pub(crate) vcpus: u64,
    /// Sizes of its disks in MiB.
    pub(crate) disks: Listed<u64>,
}

impl LeanRow<'_> {
    /// Size of the first disk; 0 where there is none.
    pub(crate) fn disk_mib(&self) -> u64 {
        self.disks.first.unwrap_or(0)
    }

    /// What all other disks are together.
    pub(crate) fn rest_mib(&self) -> u64 {
        self.disks.rest.iter().flatten().sum()
    }
}

impl<'de> QueryRow<'de> for LeanRow<'de> {
    const FIELDS: &'static [&'static str] =
        &["name", "uuid", "serial_no", "pnode", "be/maxmem", "be/vcpus", "disk.sizes"];

    fn from_cells<A: SeqAccess<'de>>(cells: &mut Cells<A>) -> Result<Self, A::Error> {
        Ok(Self {
            name: cells.required()?,
            uuid: cells.required()?,
            serial_no: cells.required()?,
            node: cells.optional()?.unwrap_or_default(),
            memory_mib: cells.required()?,
            vcpus: cells.required()?,
            disks: cells.optional()?.unwrap_or_default(),
        })
    }
}

/// An instance's live status, for which Ganeti asks its node.
#[derive(Debug)]
pub(crate) struct StatusRow<'a> {
    pub(crate) name: Text<'a>,
    pub(crate) status: Text<'a>,
}

impl<'de> QueryRow<'de> for StatusRow<'de> {
    const FIELDS: &'static [&'static str] = &["name", "status"];

    fn from_cells<A: SeqAccess<'de>>(cells: &mut Cells<A>) -> Result<Self, A::Error> {
        Ok(Self { name: cells.required()?, status: cells.required()? })
    }
}

/// Both at once, for the few instances a job has just touched.
#[derive(Debug)]
pub(crate) struct RefreshRow<'a> {
    pub(crate) instance: InstanceRow<'a>,
    pub(crate) status: Text<'a>,
}

impl<'de> QueryRow<'de> for RefreshRow<'de> {
    const FIELDS: &'static [&'static str] = instance_fields!("status");

    fn from_cells<A: SeqAccess<'de>>(cells: &mut Cells<A>) -> Result<Self, A::Error> {
        let instance = InstanceRow::from_cells(cells)?;
        let status = cells.required::<Text<'de>>().map_err(A::Error::custom)?;
        Ok(Self { instance, status })
    }
}

/// A list whose first item is what nearly all have: the rest takes no memory where there is none.
#[derive(Debug)]
pub(crate) struct Listed<T> {
    pub(crate) first: Option<T>,
    pub(crate) rest: Vec<Option<T>>,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self { first: None, rest: Vec::new() }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Listed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Items<T> {
            type Value = Listed<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Listed<T>, A::Error> {
                let first = items.next_element::<Option<T>>()?.flatten();
                let mut rest = Vec::new();
                while let Some(item) = items.next_element()? {
                    rest.push(item);
                }
                Ok(Listed { first, rest })
            }
        }
        deserializer.deserialize_seq(Items(PhantomData))
    }
}

/// A value of any plain type, as text: `true`, `4096`, `n`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Scalar(pub(crate) Box<str>);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Value;
        impl Visitor<'_> for Value {
            type Value = Scalar;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a number or a flag")
            }
            fn visit_bool<E>(self, value: bool) -> Result<Scalar, E> {
                Ok(Scalar(value.to_string().into()))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Scalar, E> {
                Ok(Scalar(value.to_string().into()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Scalar, E> {
                Ok(Scalar(value.to_string().into()))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Scalar, E> {
                Ok(Scalar(value.to_string().into()))
            }
            fn visit_str<E>(self, value: &str) -> Result<Scalar, E> {
                Ok(Scalar(value.into()))
            }
            fn visit_unit<E>(self) -> Result<Scalar, E> {
                Ok(Scalar("".into()))
            }
        }
        deserializer.deserialize_any(Value)
    }
}
