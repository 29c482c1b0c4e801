//! `cargo xtask wit`: the interface is complete, and every part of it is documented.
//!
//! Bindings in other languages show these comments to people who never see the files, so a gap is a gap in every SDK.

use anyhow::{Context as _, Result, ensure};
use wit_parser::{Docs, Function, Interface, PackageId, Resolve, Span, Type, TypeDef, TypeDefKind};

use crate::workspace;

/// Resolves `wit/` and looks for gaps in its documentation.
///
/// # Errors
///
/// The package does not resolve, or something in it is not documented.
pub(crate) fn run() -> Result<()> {
    let mut resolve = Resolve::new();
    let path = workspace::root().join("wit");
    let (package, _) = resolve.push_dir(&path).context("the WIT does not resolve")?;
    let gaps = gaps(&resolve, package);
    for gap in &gaps {
        println!("{gap}: no documentation: bindings show it to people who never see this file; say what it is for");
    }
    ensure!(gaps.is_empty(), "{} parts of the WIT are not documented", gaps.len());
    Ok(())
}

/// Each undocumented part, as `file:line:column: kind name`.
fn gaps(resolve: &Resolve, package: PackageId) -> Vec<String> {
    let mut gaps = Gaps {
        resolve,
        found: Vec::new(),
    };
    let package = &resolve.packages[package];
    for (name, id) in &package.worlds {
        let world = &resolve.worlds[*id];
        gaps.check("world", name, &world.docs, world.span);
    }
    for (name, id) in &package.interfaces {
        let interface = &resolve.interfaces[*id];
        gaps.check("interface", name, &interface.docs, interface.span);
        gaps.interface(interface);
    }
    gaps.found
}

struct Gaps<'a> {
    resolve: &'a Resolve,
    found: Vec<String>,
}

impl Gaps<'_> {
    fn interface(&mut self, interface: &Interface) {
        for (name, id) in &interface.types {
            let definition = &self.resolve.types[*id];
            // `use other.{name}`: documented where it is defined.
            if !matches!(definition.kind, TypeDefKind::Type(Type::Id(_))) {
                self.definition(name, definition);
            }
        }
        for Function { name, docs, span, .. } in interface.functions.values() {
            self.check("function", name, docs, *span);
        }
    }

    fn definition(&mut self, name: &str, definition: &TypeDef) {
        self.check("type", name, &definition.docs, definition.span);
        match &definition.kind {
            TypeDefKind::Variant(variant) => {
                for case in &variant.cases {
                    if !case.ty.is_some_and(|payload| self.is_documented(payload)) {
                        self.check("case", &format!("{name}.{}", case.name), &case.docs, case.span);
                    }
                }
            }
            TypeDefKind::Enum(cases) => {
                for case in &cases.cases {
                    self.check("case", &format!("{name}.{}", case.name), &case.docs, case.span);
                }
            }
            TypeDefKind::Flags(flags) => {
                for flag in &flags.flags {
                    self.check("flag", &format!("{name}.{}", flag.name), &flag.docs, flag.span);
                }
            }
            TypeDefKind::Record(record) => {
                for field in &record.fields {
                    if !self.is_documented(field.ty) {
                        self.check("field", &format!("{name}.{}", field.name), &field.docs, field.span);
                    }
                }
            }
            _ => {}
        }
    }

    /// A case or field that holds a named type says with the type what it is: `ipv4(ipv4-socket-address)`. The type itself
    /// is checked where it is defined.
    fn is_documented(&self, ty: Type) -> bool {
        matches!(ty, Type::Id(id) if self.resolve.types[id].name.is_some())
    }

    fn check(&mut self, kind: &str, name: &str, docs: &Docs, span: Span) {
        let is_empty = docs.contents.as_deref().is_none_or(|text| text.trim().is_empty());
        if is_empty {
            let place = self.resolve.render_location(span);
            self.found.push(format!("{place}: {kind} {name}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(source: &str) -> Vec<String> {
        let mut resolve = Resolve::new();
        let package = resolve.push_str("test.wit", source).unwrap();
        let gaps = gaps(&resolve, package);
        gaps.iter()
            .filter_map(|gap| Some(gap.split_once(": ")?.1.to_owned()))
            .collect()
    }

    #[test]
    fn every_undocumented_part_is_found() {
        let source = "package a:b;
            interface i {
                enum e { one }
                flags f { two }
                variant v { three(string), four(e) }
                record r { five: u8, six: e }
                resource s { seven: func(); }
                eight: func();
            }
            interface j { use i.{e}; }
            world w {}";
        let expected = [
            "world w",
            "interface i",
            "type e",
            "case e.one",
            "type f",
            "flag f.two",
            "type v",
            "case v.three",
            "type r",
            "field r.five",
            "type s",
            "function [method]s.seven",
            "function eight",
            "interface j",
        ];
        assert_eq!(kinds(source), expected);
    }

    #[test]
    fn what_is_documented_is_not() {
        let source = "package a:b;
            /// An interface.
            interface i {
                /// A type.
                enum e {
                    /// A case.
                    one,
                }
            }";
        assert_eq!(kinds(source), [""; 0]);
    }

    #[test]
    fn a_place_is_a_file_and_a_line() {
        let mut resolve = Resolve::new();
        let package = resolve.push_str("test.wit", "package a:b;\n\ninterface i {}").unwrap();
        assert_eq!(gaps(&resolve, package), ["test.wit:3:11: interface i"]);
    }
}
