//! The drivers of a project from disk.

use std::collections::BTreeMap;

use crate::diagnostics::{Code, Finding, Place};
use crate::domain::Period;
use crate::ingest::{DriverFile, DriverPart, DriverTable, contained, month_of, read_driver};
use crate::report::InputFile;
use crate::rules::{DriverDecl, Project, fill_period, names_month};

use super::load::Loader;
use super::workbook::executable;

impl Loader {
    /// The drivers, in the order of their declarations. One that lacks a file lacks rows; whoever
    /// splits by it says so.
    pub(super) fn drivers(
        &mut self,
        project: &Project,
        period: Option<Period>,
    ) -> Vec<DriverTable> {
        let mut tables = Vec::new();
        for declared in &project.drivers {
            let Some(parts) = self.driver_parts(declared, period) else { continue };
            match DriverTable::gather(declared, parts) {
                Ok(table) => tables.push(table),
                Err(findings) => self.errors.extend(findings),
            }
        }
        tables
    }

    /// What each file holds; `None` where one cannot be used.
    fn driver_parts(
        &mut self,
        declared: &DriverDecl,
        period: Option<Period>,
    ) -> Option<Vec<DriverPart>> {
        let reader = executable();
        let mut parts = Vec::new();
        let mut is_sound = true;
        for (path, month) in self.driver_files(declared, period)? {
            if let Err(finding) = self.contained(&path, Some(&declared.span)) {
                self.errors.push(finding);
                is_sound = false;
                continue;
            }
            let part = read_driver(&DriverFile {
                location: &self.root.join(&path),
                path: &path,
                declared,
                month,
                reader: reader.as_deref(),
            });
            match part {
                Ok(part) => {
                    self.driver_input(&part);
                    self.notes.extend(part.notes.iter().cloned());
                    parts.push(part);
                }
                Err(findings) => {
                    self.errors.extend(findings);
                    is_sound = false;
                }
            }
        }
        is_sound.then_some(parts)
    }

    /// Several drivers may read one file, which is one input.
    fn driver_input(&mut self, part: &DriverPart) {
        let is_known =
            self.inputs.iter().any(|input| input.kind == "driver" && input.path == part.path);
        if !is_known {
            self.inputs.push(InputFile {
                kind: "driver",
                path: part.path.clone(),
                sha256: part.sha256.clone(),
                bytes: part.bytes,
            });
        }
    }

    /// The files by path, each with the month that its name tells.
    fn driver_files(
        &mut self,
        declared: &DriverDecl,
        period: Option<Period>,
    ) -> Option<BTreeMap<String, Option<Period>>> {
        let mut files = BTreeMap::new();
        let before = self.errors.len();
        for (pattern, span) in &declared.files {
            match contained(&self.root, &fill_period(pattern, period), span) {
                // A month without its file may need none; what splits by the driver says otherwise.
                Ok(found) if found.is_empty() && names_month(pattern) => {}
                Ok(found) if found.is_empty() => {
                    let text =
                        format!("no table of driver `{}` matches `{pattern}`", declared.name);
                    let help =
                        "a table that has not come is no usage of nothing; check the pattern";
                    let finding = Finding::new(Code::NoFiles, text).help(help);
                    self.errors.push(finding.at(Place::Text(span.clone())));
                }
                Ok(found) => files.extend(found.into_iter().map(|path| {
                    let month = period.filter(|_| names_month(pattern));
                    let month = month.or_else(|| month_of(pattern, &path));
                    (path, month)
                })),
                Err(finding) => self.errors.push(finding),
            }
        }
        (self.errors.len() == before).then_some(files)
    }
}
