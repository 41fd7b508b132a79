//! What was named on the command line as the tables that are read: files, folders, archives, workbooks, described datasets.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use concord_core::bounds::{DESCRIPTION, FOLDER_DEPTH, FOLDER_FILES, SAMPLE};
use concord_core::bundle::{self, Bundle, DESCRIPTOR, Files, Kind, Pieces, sheets};
use concord_core::check::dataset::{Options, Start};
use concord_core::check::plan::StandardPlan;
use concord_core::finding::{Finding, Place};
use concord_core::read::{Form, Intake, ReadOptions, Store, form};
use concord_core::render::words;
use concord_core::session::Choice;

use crate::output::Failure;
use crate::place::{ByPlace, Shared};
use crate::reading::{Input, Source};
use crate::target::{file_name, is_descriptor};

/// Where a table of the report lies.
enum Origin {
    Path(PathBuf),
    Member { bundle: usize, member: usize },
}

/// What was handed over, beside the tables' bytes.
pub(crate) struct Handed {
    bundles: Vec<Bundle>,
    /// By input.
    origins: Vec<Origin>,
}

/// A file or the standard input: nothing is wrong about what they lie in.
pub(crate) struct Plain<R>(pub(crate) R);

impl<R: Read> Read for Plain<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl<R: Read + Send> Pieces for Plain<R> {}

/// Files of a folder.
struct Folder {
    root: PathBuf,
    names: Vec<String>,
    /// Where they are; a name may not be text.
    paths: Vec<PathBuf>,
    folders: Vec<String>,
}

impl Files for Folder {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn folders(&self) -> &[String] {
        &self.folders
    }

    fn open(&self, index: usize) -> io::Result<Box<dyn Pieces>> {
        Ok(Box::new(Plain(File::open(&self.paths[index])?)))
    }
}

impl Folder {
    /// One file by itself.
    fn of_file(path: &Path) -> Folder {
        let root = path.parent().unwrap_or(Path::new("")).to_owned();
        Folder { root, names: vec![file_name(path)], paths: vec![path.to_owned()], folders: Vec::new() }
    }

    /// Lists a folder. Where tables lie at its top, folders in it are looked into only when a descriptor may name what is there.
    fn list(root: &Path, deep: bool) -> Result<Folder, Failure> {
        let mut folder = Folder { root: root.to_owned(), names: Vec::new(), paths: Vec::new(), folders: Vec::new() };
        let mut inner = folder.list_one("", root)?;
        let tables = folder.names.iter().any(|n| bundle::names::sort(n) == bundle::names::Sort::Table);
        if tables && !deep && !folder.names.iter().any(|n| n == DESCRIPTOR) {
            folder.folders = inner.into_iter().map(|(name, _)| name).filter(|f| !bundle::is_left(f)).map(|f| f + "/").collect();
        } else {
            let mut depth = 0;
            while !inner.is_empty() {
                depth += 1;
                if depth > FOLDER_DEPTH {
                    return Err(folder.too_many());
                }
                let mut next = Vec::new();
                for (name, path) in inner.iter().filter(|(name, _)| !bundle::is_left(name)) {
                    next.extend(folder.list_one(name, path)?);
                }
                inner = next;
            }
        }
        let mut files: Vec<(String, PathBuf)> = folder.names.into_iter().zip(folder.paths).collect();
        files.sort();
        (folder.names, folder.paths) = files.into_iter().unzip();
        Ok(folder)
    }

    fn too_many(&self) -> Failure {
        let finding = Finding::new("C110", "files", Place::default());
        let finding = finding.arg("bound", FOLDER_FILES.to_string()).arg("depth", FOLDER_DEPTH.to_string());
        Failure::said(format!("{}: {}", self.root.display(), words::message(&finding)))
    }

    /// Takes the files of one folder in it, of that name; gives the folders there. Links to folders are not followed.
    fn list_one(&mut self, folder: &str, at: &Path) -> Result<Vec<(String, PathBuf)>, Failure> {
        let fail = |e: io::Error| Failure::of(at, &e);
        let mut folders = Vec::new();
        for entry in fs::read_dir(at).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let (name, path) = (entry.file_name().to_string_lossy().into_owned(), entry.path());
            let name = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push((name, path));
            } else if path.is_file() {
                if self.names.len() == FOLDER_FILES {
                    return Err(self.too_many());
                }
                self.names.push(name);
                self.paths.push(path);
            }
        }
        folders.sort();
        Ok(folders)
    }
}

impl Handed {
    /// Opens everything that was named. `own` says whether a descriptor's own schemas count, when no standard is named.
    pub(crate) fn open(paths: &[PathBuf], choice: &Choice, own: bool, options: &ReadOptions) -> Result<(Handed, Vec<Input>), Failure> {
        let (mut handed, mut inputs) = (Handed { bundles: Vec::new(), origins: Vec::new() }, Vec::new());
        for path in paths {
            match bundle_of(path, choice, options)? {
                Found::Input(input) => {
                    inputs.push(*input);
                    handed.origins.push(Origin::Path(path.clone()));
                }
                Found::Bundle(mut bundle, root) => {
                    if !own {
                        bundle.ignore_own();
                    }
                    for member in 0..bundle.members().len() {
                        inputs.push(member_of(path, &bundle, member, root.as_ref(), options)?);
                        handed.origins.push(Origin::Member { bundle: handed.bundles.len(), member });
                    }
                    handed.bundles.push(*bundle);
                }
            }
        }
        Ok((handed, inputs))
    }

    /// Whether what was named is one dataset.
    pub(crate) fn is_dataset(&self) -> bool {
        self.bundles.iter().any(Bundle::is_dataset)
    }

    /// Datasets whose descriptors name a standard that is known here, with its reference.
    pub(crate) fn followed(&self) -> impl Iterator<Item = (&str, String)> {
        self.bundles.iter().filter_map(|bundle| Some((bundle.outer(), bundle.follows()?)))
    }

    /// What the tables are checked against: a descriptor's schemas, when nothing was named but its dataset.
    pub(crate) fn choice(&self, choice: &Choice) -> Choice {
        match self.bundles.as_slice() {
            [one] if self.origins.iter().all(|o| matches!(o, Origin::Member { .. })) => one.choice(choice),
            _ => choice.clone(),
        }
    }

    /// Leaves out what is no table of the plan; for a conversion also what the crosswalk does not take.
    pub(crate) fn sift(&mut self, plan: &StandardPlan, takes: Option<&dyn Fn(&str) -> bool>, inputs: &mut Vec<Input>, options: &Options) {
        let mut kept = vec![true; inputs.len()];
        for (number, bundle) in self.bundles.iter_mut().enumerate() {
            let is_of = |origin: &Origin| matches!(origin, Origin::Member { bundle, .. } if *bundle == number);
            let of: Vec<usize> = (0..inputs.len()).filter(|&i| is_of(&self.origins[i])).collect();
            let starts: Vec<Start<'_>> = of.iter().map(|&i| inputs[i].start()).collect();
            let sifted = match takes {
                Some(takes) => bundle.sift_for(plan, takes, &starts, options),
                None => bundle.sift(plan, &starts, options),
            };
            of.iter().zip(sifted).for_each(|(&i, keep)| kept[i] = keep);
        }
        let mut keep = kept.iter();
        inputs.retain(|_| *keep.next().unwrap_or(&true));
        let mut keep = kept.iter();
        self.origins.retain(|_| *keep.next().unwrap_or(&true));
    }

    /// What there is to tell about the datasets as wholes.
    pub(crate) fn findings(&self, plan: &StandardPlan) -> Vec<Finding> {
        self.bundles.iter().flat_map(|b| b.findings(plan)).collect()
    }

    /// Opens a table of the report once more. What cannot be read twice, such as the standard input, has no rows to show.
    pub(crate) fn again(&self, file: usize, how: &ReadOptions) -> Option<(Intake, Box<dyn Read>)> {
        match self.origins.get(file)? {
            Origin::Path(path) if path == Path::new("-") => None,
            Origin::Path(path) => Some((Intake::new("", how), Box::new(File::open(path).ok()?))),
            Origin::Member { bundle, member } => {
                let bundle = &self.bundles[*bundle];
                Some((bundle.intake(*member, how), Box::new(bundle.read(*member).ok()?)))
            }
        }
    }

    /// Files by themselves.
    pub(crate) fn of_paths(paths: &[PathBuf]) -> Handed {
        Handed { bundles: Vec::new(), origins: paths.iter().cloned().map(Origin::Path).collect() }
    }
}

/// What one path is.
enum Found {
    Input(Box<Input>),
    /// And the folder in which its files lie, when they do.
    Bundle(Box<Bundle>, Option<Arc<Folder>>),
}

fn bundle_of(path: &Path, choice: &Choice, options: &ReadOptions) -> Result<Found, Failure> {
    let fail = |e: io::Error| Failure::of(path, &e);
    if path == Path::new("-") {
        return of_stdin(choice, options);
    }
    if path.is_dir() {
        let folder = Arc::new(Folder::list(path, false)?);
        let bundle = Bundle::of_files(&file_name(path), Kind::Folder, folder.clone(), None, choice, options).map_err(fail)?;
        let bundle = bundle.map_err(|finding| Failure::said(format!("{}: {}", path.display(), words::message(&finding))))?;
        return Ok(Found::Bundle(Box::new(bundle), Some(folder)));
    }
    let name = file_name(path);
    let mut file = File::open(path).map_err(fail)?;
    let meta = file.metadata().map_err(fail)?;
    if !meta.is_file() || options.sheet.is_some() {
        return Input::open(path, options).map(|input| Found::Input(Box::new(input)));
    }
    let mut start = Vec::new();
    file.by_ref().take(SAMPLE as u64).read_to_end(&mut start).map_err(fail)?;
    let is_package = name.to_ascii_lowercase().ends_with("package.json") && meta.len() <= DESCRIPTION as u64;
    if bundle::may_hold_tables(&start) {
        match form::sniff(&start, start.len() < SAMPLE) {
            Form::Zip => {
                let stored = Store::new(Shared(ByPlace::new(file, meta.len())));
                return match Bundle::of_zip(&name, stored, choice, options).map_err(fail)? {
                    Ok(bundle) => Ok(Found::Bundle(Box::new(bundle), None)),
                    Err(finding) => Input::refused(path, *finding).map(|input| Found::Input(Box::new(input))),
                };
            }
            Form::Xlsx | Form::Xls | Form::Ods if meta.len() <= options.whole as u64 => {
                let plans = bundle::several(choice);
                let bytes = if plans.is_empty() { Vec::new() } else { fs::read(path).map_err(fail)? };
                if let Some(split) = sheets::tables(&bytes, &plans) {
                    let folder = Arc::new(Folder::of_file(path));
                    return Ok(Found::Bundle(Box::new(Bundle::of_workbook(&name, folder.clone(), split)), Some(folder)));
                }
            }
            _ => {}
        }
    } else if is_package && is_descriptor(&fs::read(path).map_err(fail)?) {
        let root = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = Arc::new(Folder::list(root, true)?);
        let descriptor = folder.names.iter().position(|n| *n == name);
        let bundle = Bundle::of_files(&name, Kind::Folder, folder.clone(), descriptor, choice, options).map_err(fail)?;
        let mut bundle = bundle.map_err(|finding| Failure::said(format!("{}: {}", path.display(), words::message(&finding))))?;
        // Only the descriptor was named, not what lies beside it.
        bundle.only_described();
        return Ok(Found::Bundle(Box::new(bundle), Some(folder)));
    }
    Input::open(path, options).map(|input| Found::Input(Box::new(input)))
}

/// The standard input: an archive or a workbook is gathered, anything else is read as it comes.
fn of_stdin(choice: &Choice, options: &ReadOptions) -> Result<Found, Failure> {
    let path = Path::new("-");
    let fail = |e: io::Error| Failure::of(path, &e);
    let mut start = Vec::new();
    let mut stdin = io::stdin();
    stdin.by_ref().take(8).read_to_end(&mut start).map_err(fail)?;
    if bundle::may_hold_tables(&start) && options.sheet.is_none() {
        stdin.by_ref().take(options.whole as u64 + 1).read_to_end(&mut start).map_err(fail)?;
        if start.len() <= options.whole {
            start = match bundle::handed("stdin", start, choice, options).map_err(fail)? {
                bundle::Handed::Bundle(bundle) => return Ok(Found::Bundle(bundle, None)),
                bundle::Handed::Refused(finding) => {
                    let source = Source::Pipe(Box::new(io::empty()));
                    return Input::begin(path, source, Intake::refused("stdin", vec![finding])).map(|input| Found::Input(Box::new(input)));
                }
                bundle::Handed::File(bytes) => bytes,
            };
        }
    }
    let source = Source::Pipe(Box::new(Plain(io::Cursor::new(start).chain(stdin))));
    Input::begin(path, source, Intake::new("stdin", options)).map(|input| Found::Input(Box::new(input)))
}

/// One table of a bundle.
fn member_of(path: &Path, bundle: &Bundle, member: usize, root: Option<&Arc<Folder>>, options: &ReadOptions) -> Result<Input, Failure> {
    let intake = bundle.intake(member, options);
    if let (Some(folder), Some(file)) = (root, bundle.file_of(member)) {
        let path = folder.paths[file].clone();
        let file = File::open(&path).map_err(|e| Failure::of(&path, &e))?;
        let size = file.metadata().map_err(|e| Failure::of(&path, &e))?.len();
        return Input::begin(&path, Source::File(file, size), intake);
    }
    let pieces = bundle.read(member).map_err(|e| Failure::of(path, &e))?;
    Input::begin(path, Source::Pipe(pieces), intake)
}
