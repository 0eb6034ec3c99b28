//! A project from disk: texts read once, checked, compiled; everything wrong reported together.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::allocate::{ExampleRun, order_faults, run_examples};
use crate::diagnostics::{Code, Finding, Place, Span, Texts, did_you_mean};
use crate::domain::{Exchange, Org, Period, normal_form};
use crate::ingest::{
    DriverTable, Invoice, InvoiceFile, MetadataTable, contained, read_cost_centers, read_invoices,
    read_metadata, read_rates, run_manifest_examples, run_map_examples, sha256_hex,
};
use crate::report::InputFile;
use crate::rules::{
    ColumnMap, DriverDecl, DriverScope, Entity, FormatName, InvoicesDecl, Project, RuleSet,
    RuleText, Scope, compile, fill_period, names_month, shipped,
};

use super::console::seen_path;
use super::licenses::LoadedLicenses;
use super::workbook::executable;

const PROJECT_FILE: &str = "costbook.yaml";
/// Bytes that a text or table of the project may have.
const TEXT_LIMIT: u64 = 256 << 20;
/// Names of a folder among which one that may be meant is looked for.
const NAMES_LIMIT: usize = 10_000;

/// A project that is right in itself. Its bills are not read yet.
pub(super) struct Loaded {
    pub(super) root: PathBuf,
    pub(super) project: Project,
    pub(super) org: Org,
    pub(super) metadata: Vec<MetadataTable>,
    pub(super) rules: RuleSet,
    /// What the rules were compiled from.
    pub(super) rule_texts: Vec<RuleText>,
    pub(super) exchange: Exchange,
    pub(super) invoices: Vec<Invoice>,
    /// In the order of their declarations.
    pub(super) drivers: Vec<DriverTable>,
    /// What it declares and tells of licenses.
    pub(super) licenses: Option<LoadedLicenses>,
    /// For each source, in their order, the column maps that its files can be of.
    pub(super) maps: Vec<Vec<Arc<ColumnMap>>>,
    pub(super) inputs: Vec<InputFile>,
    /// Worth knowing of what was read; nothing is wrong.
    pub(super) notes: Vec<Finding>,
}

/// Reads a project, and keeps the texts so that findings can show them.
pub(super) struct Loader {
    pub(super) root: PathBuf,
    /// The project's folder as the user wrote it.
    pub(super) shown: String,
    pub(super) texts: Texts,
    pub(super) inputs: Vec<InputFile>,
    pub(super) errors: Vec<Finding>,
    pub(super) notes: Vec<Finding>,
    /// The month that is run; patterns of tables that name one are filled with it.
    pub(super) period: Option<Period>,
    runs_examples: bool,
    /// Whether tables of invoices are read.
    pub(super) reads_invoices: bool,
}

impl Loader {
    pub(super) fn new(project: &Path, period: Option<Period>) -> Self {
        // The project file itself may be named as well as its folder.
        let is_file = project.file_name().is_some_and(|name| name == PROJECT_FILE);
        let root = if is_file { project.parent().unwrap_or(Path::new(".")) } else { project };
        let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
        Self {
            root: root.to_owned(),
            shown: root.to_string_lossy().into_owned(),
            texts: Texts::new(),
            inputs: Vec::new(),
            errors: Vec::new(),
            period,
            notes: Vec::new(),
            runs_examples: true,
            reads_invoices: true,
        }
    }

    /// Leaves the examples of rules to who asked for them.
    pub(super) fn without_examples(self) -> Self {
        Self { runs_examples: false, ..self }
    }

    /// Reads and checks everything but the bills, the examples of rules and maps included. Of files
    /// whose names tell their month only those of `period` are read, or all where there is none.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub(super) fn load(&mut self) -> Result<Loaded, Vec<Finding>> {
        let Some(text) = self.read(PROJECT_FILE, "project", None) else {
            return Err(std::mem::take(&mut self.errors));
        };
        let project = Project::parse(PROJECT_FILE, &text)?;
        let org = self.org(&project);
        let metadata = self.metadata(&project);
        // Rules over tables that could not be read would only repeat what is wrong with those.
        let tables_are_fine = self.errors.is_empty();
        let maps = self.maps(&project);
        let exchange = self.exchange(&project);
        let invoices = if self.reads_invoices { self.invoices(&project) } else { Vec::new() };
        let drivers = self.drivers(&project);
        let licenses = self.licenses(&project);
        let rules = tables_are_fine.then(|| self.rules(&project, &org, &metadata)).flatten();
        if let Some((rules, _)) = &rules {
            self.errors.extend(order_faults(rules));
        }
        if let Some((rules, _)) = rules.as_ref().filter(|_| self.runs_examples) {
            let runs = run_examples(rules, &org, &metadata);
            self.errors.extend(runs.iter().filter_map(ExampleRun::finding));
        }
        match rules.filter(|_| self.errors.is_empty()) {
            None => Err(std::mem::take(&mut self.errors)),
            Some((rules, rule_texts)) => Ok(Loaded {
                root: self.root.clone(),
                project,
                org,
                metadata,
                rules,
                rule_texts,
                exchange,
                invoices,
                drivers,
                licenses,
                maps,
                inputs: std::mem::take(&mut self.inputs),
                notes: std::mem::take(&mut self.notes),
            }),
        }
    }

    /// A text of the project, kept for findings and for the manifest.
    pub(super) fn read(
        &mut self,
        path: &str,
        kind: &'static str,
        named_at: Option<&Span>,
    ) -> Option<String> {
        if let Err(finding) = self.contained(path, named_at) {
            self.errors.push(finding);
            return None;
        }
        let bytes = match read_limited(&self.root.join(path)) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.errors.push(self.not_found(path, &error, named_at));
                return None;
            }
        };
        self.inputs.push(InputFile {
            kind,
            path: path.to_owned(),
            sha256: sha256_hex(&bytes),
            bytes: bytes.len() as u64,
        });
        let Ok(text) = String::from_utf8(bytes) else {
            let finding = Finding::new(Code::InvalidValue, "the file is not UTF-8");
            self.errors.push(finding.at(Place::File(path.into())));
            return None;
        };
        // One name has one spelling, in rules and tables as in bills.
        let text = match normal_form(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(normal) => normal,
        };
        self.texts.insert(seen_path(&self.shown, path), text.clone());
        Some(text)
    }

    /// Notes a file of the project that another reader reads; tells whether it is there.
    pub(super) fn hashed(&mut self, path: &str, kind: &'static str, named_at: &Span) -> bool {
        let read = self.contained(path, Some(named_at)).and_then(|()| {
            read_limited(&self.root.join(path))
                .map_err(|error| self.not_found(path, &error, Some(named_at)))
        });
        match read {
            Ok(bytes) => {
                let (sha256, length) = (sha256_hex(&bytes), bytes.len() as u64);
                self.inputs.push(InputFile { kind, path: path.to_owned(), sha256, bytes: length });
                true
            }
            Err(finding) => {
                self.errors.push(finding);
                false
            }
        }
    }

    /// Refuses links that lead out of the project; the project file itself may be one.
    pub(super) fn contained(&self, path: &str, named_at: Option<&Span>) -> Result<(), Finding> {
        let Some(span) = named_at else { return Ok(()) };
        let home = self.root.canonicalize().unwrap_or_else(|_| self.root.clone());
        match self.root.join(path).canonicalize() {
            Ok(real) if !real.starts_with(&home) => {
                let text = format!("`{path}` leads out of the project's folder");
                let finding = Finding::new(Code::PathOutsideProject, text);
                Err(finding.help("copy the file into the project").at(Place::Text(span.clone())))
            }
            // What is not there is reported by reading it.
            _ => Ok(()),
        }
    }

    fn not_found(&self, path: &str, error: &std::io::Error, named_at: Option<&Span>) -> Finding {
        let text = format!("`{}` cannot be read: {error}", seen_path(&self.shown, path));
        let finding = Finding::new(Code::NotFound, text);
        match named_at {
            Some(span) => finding.help(self.nearby(path)).at(Place::Text(span.clone())),
            None => finding.help(
                "name the project's folder with --project, or make one with `costbook init DIR`",
            ),
        }
    }

    /// What may be meant by a path that leads to nothing: a file beside it that is nearly so called.
    pub(super) fn nearby(&self, path: &str) -> String {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let entries = fs::read_dir(self.root.join(folder)).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        match did_you_mean(name, names.take(NAMES_LIMIT)) {
            Some(near) if folder.is_empty() => format!("did you mean `{near}`?"),
            Some(near) => format!("did you mean `{folder}/{near}`?"),
            None => {
                "paths are relative to the project's folder; mend the name, or put the file there"
                    .to_owned()
            }
        }
    }

    fn org(&mut self, project: &Project) -> Org {
        let Some((path, span)) = &project.owners else { return Org::default() };
        let Some(text) = self.read(path, "owners", Some(span)) else { return Org::default() };
        read_cost_centers(path, text.as_bytes()).unwrap_or_else(|findings| {
            self.errors.extend(findings);
            Org::default()
        })
    }

    fn metadata(&mut self, project: &Project) -> Vec<MetadataTable> {
        let mut tables = Vec::new();
        for declared in &project.metadata {
            let (path, span) = &declared.file;
            let Some(text) = self.read(path, "metadata", Some(span)) else { continue };
            match read_metadata(&declared.entity, path, text.as_bytes()) {
                Ok(table) => tables.push(table),
                Err(findings) => self.errors.extend(findings),
            }
        }
        tables
    }

    fn exchange(&mut self, project: &Project) -> Exchange {
        let undeclared = Exchange::undeclared(project.currency);
        let Some(declared) = &project.exchange else { return undeclared };
        let (path, span) = &declared.rates;
        let Some(text) = self.read(path, "exchange rates", Some(span)) else { return undeclared };
        match read_rates(path, text.as_bytes(), &declared.leap) {
            Ok(table) => Exchange::new(project.currency, table, declared.terms),
            Err(findings) => {
                self.errors.extend(findings);
                undeclared
            }
        }
    }

    /// The tables of invoices, each file once even where two entries name it.
    fn invoices(&mut self, project: &Project) -> Vec<Invoice> {
        let mut invoices = Vec::new();
        let reader = executable();
        let mut read: Vec<String> = Vec::new();
        for (entry, declared) in project.invoices.iter().enumerate() {
            for path in self.invoice_files(declared) {
                if read.contains(&path) {
                    continue;
                }
                read.push(path.clone());
                if let Err(finding) = self.contained(&path, Some(&declared.span)) {
                    self.errors.push(finding);
                    continue;
                }
                let table = read_invoices(&InvoiceFile {
                    location: &self.root.join(&path),
                    path: &path,
                    columns: &declared.columns,
                    numbers: declared.numbers,
                    place: &declared.place,
                    reader: reader.as_deref(),
                });
                match table {
                    Err(findings) => self.errors.extend(findings),
                    Ok(table) => {
                        invoices.extend(table.invoices.into_iter().map(|i| Invoice { entry, ..i }));
                        let (sha256, bytes) = (table.sha256, table.bytes);
                        self.inputs.push(InputFile { kind: "invoices", path, sha256, bytes });
                    }
                }
            }
        }
        invoices
    }

    fn invoice_files(&mut self, declared: &InvoicesDecl) -> Vec<String> {
        let mut paths = Vec::new();
        for (pattern, span) in &declared.files {
            let filled = fill_period(pattern, self.period);
            match contained(&self.root, &filled, span) {
                // The month's invoice comes after the month; until then its absence is told of the
                // cost that it will ask for.
                Ok(found) if found.is_empty() && self.has_other_months(pattern, span) => {}
                Ok(found) if found.is_empty() => {
                    let text = format!("no table of invoices matches `{filled}`");
                    let help =
                        "an invoice that has not come is no invoice of nothing; check the pattern";
                    let finding = Finding::new(Code::NoFiles, text).help(help);
                    self.errors.push(finding.at(Place::Text(span.clone())));
                }
                Ok(found) => paths.extend(found),
                Err(finding) => self.errors.push(finding),
            }
        }
        paths.sort_unstable();
        paths.dedup();
        paths
    }

    /// Whether a pattern that names the month finds files of any.
    fn has_other_months(&self, pattern: &str, span: &Span) -> bool {
        names_month(pattern)
            && contained(&self.root, &fill_period(pattern, None), span)
                .is_ok_and(|found| !found.is_empty())
    }

    fn maps(&mut self, project: &Project) -> Vec<Vec<Arc<ColumnMap>>> {
        let mut maps = Vec::new();
        for source in &project.sources {
            let (path, text) = match &source.format {
                FormatName::Auto => {
                    maps.push(self.shipped_maps());
                    continue;
                }
                FormatName::Shipped(name) => match shipped::column_map(name) {
                    Some((path, text)) => (path.to_owned(), text.to_owned()),
                    None => continue,
                },
                FormatName::Own(path) => {
                    let Some(text) = self.read(path, "column map", Some(&source.format_span))
                    else {
                        continue;
                    };
                    (path.clone(), text)
                }
            };
            match ColumnMap::parse(&path, &text) {
                Ok(map) => {
                    // Those of shipped maps hold by costbook's own tests.
                    if matches!(source.format, FormatName::Own(_)) {
                        self.errors.extend(run_map_examples(&map));
                        self.errors.extend(run_manifest_examples(&map, &path));
                    }
                    maps.push(vec![Arc::new(map)]);
                }
                Err(findings) => self.errors.extend(findings),
            }
        }
        maps
    }

    /// All maps that costbook brings along; their examples hold by its own tests.
    fn shipped_maps(&mut self) -> Vec<Arc<ColumnMap>> {
        let mut maps = Vec::new();
        for (path, text) in shipped::column_map_names().filter_map(shipped::column_map) {
            match ColumnMap::parse(path, text) {
                Ok(map) => maps.push(Arc::new(map)),
                Err(findings) => self.errors.extend(findings),
            }
        }
        maps
    }

    fn rules(
        &mut self,
        project: &Project,
        org: &Org,
        metadata: &[MetadataTable],
    ) -> Option<(RuleSet, Vec<RuleText>)> {
        let mut paths: Vec<(String, Span)> = Vec::new();
        for (pattern, span) in &project.rules {
            match contained(&self.root, pattern, span) {
                Ok(found) if found.is_empty() => {
                    let text = format!("no rule file matches `{pattern}`");
                    let finding = Finding::new(Code::NotFound, text).help(self.nearby(pattern));
                    self.errors.push(finding.at(Place::Text(span.clone())));
                }
                Ok(found) => paths.extend(found.into_iter().map(|path| (path, span.clone()))),
                Err(finding) => self.errors.push(finding),
            }
        }
        paths.sort_by(|a, b| a.0.cmp(&b.0));
        paths.dedup_by(|a, b| a.0 == b.0);
        let mut files = Vec::new();
        for (path, span) in paths {
            if let Some(text) = self.read(&path, "rules", Some(&span)) {
                files.push(RuleText { path, text });
            }
        }
        match compiled(&files, project, org, metadata) {
            Ok(rules) => Some((rules, files)),
            Err(findings) => {
                self.errors.extend(findings);
                None
            }
        }
    }
}

/// Rules over the owners, tables and drivers of a project.
///
/// # Errors
/// Everything that is wrong with the rules, names that the project does not have among it.
pub(super) fn compiled(
    files: &[RuleText],
    project: &Project,
    org: &Org,
    metadata: &[MetadataTable],
) -> Result<RuleSet, Vec<Finding>> {
    let entities: Vec<Entity> = project
        .metadata
        .iter()
        .filter_map(|declared| {
            let table = metadata.iter().find(|table| table.entity == declared.entity)?;
            let attributes = table.attributes.clone();
            Some(Entity { name: declared.entity.clone(), attributes, join: declared.join.clone() })
        })
        .collect();
    let scope_of = |driver: &DriverDecl| DriverScope {
        name: driver.name.clone(),
        scope: driver.scope.iter().map(|(field, _)| field.clone()).collect(),
    };
    let drivers: Vec<DriverScope> = project.drivers.iter().map(scope_of).collect();
    compile(files, &Scope { org, entities: &entities, drivers: &drivers })
}

/// A regular file of a size that texts and tables have; anything else could be read for ever.
fn read_limited(path: &Path) -> io::Result<Vec<u8>> {
    let found = path.metadata()?;
    if !found.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    if found.len() > TEXT_LIMIT {
        return Err(io::Error::other(format!("it has more than {} MiB", TEXT_LIMIT >> 20)));
    }
    fs::read(path)
}
