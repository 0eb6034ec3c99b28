//! The floor under any reader of Parquet: decoding the columns that the job needs, and no more.

use std::error::Error;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use arrow_schema::{DataType, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};

use crate::bulk::columns::NEEDED;

type Failure = Box<dyn Error + Send + Sync>;

/// Decodes the needed columns of every row group and prints how long that took. Texts stay codes of
/// a dictionary where the file has them all in one, unless `plain` asks for every text to be copied.
///
/// # Errors
/// If the file cannot be read.
pub fn run(file: &Path, threads: usize, plain: bool) -> Result<(), Box<dyn Error>> {
    let begun = Instant::now();
    let metadata = metadata(file, plain).map_err(|error| error as Box<dyn Error>)?;
    let groups = metadata.metadata().num_row_groups();
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut rows = 0;
        loop {
            let group = next.fetch_add(1, Ordering::Relaxed);
            if group >= groups {
                return Ok::<usize, Failure>(rows);
            }
            rows += decode(file, &metadata, group)?;
        }
    };
    let rows = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        let counts = workers.into_iter().map(|worker| worker.join().unwrap_or(Ok(0)));
        counts.sum::<Result<usize, Failure>>()
    });
    let rows = rows.map_err(|error| error as Box<dyn Error>)?;
    println!("{rows} rows, {} columns, {:.3} s", NEEDED.len(), begun.elapsed().as_secs_f64());
    Ok(())
}

/// Asks for what is cheapest to have: codes where a column is all dictionary, else copies.
fn metadata(file: &Path, plain: bool) -> Result<ArrowReaderMetadata, Failure> {
    let file = File::open(file)?;
    let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())?;
    if plain {
        return Ok(metadata);
    }
    let fields = metadata.schema().fields().iter().enumerate().map(|(column, field)| {
        if *field.data_type() == DataType::Utf8 && is_all_dictionary(&metadata, column) {
            let codes = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
            field.as_ref().clone().with_data_type(codes)
        } else {
            field.as_ref().clone()
        }
    });
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let options = ArrowReaderOptions::new().with_schema(schema);
    Ok(ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options)?)
}

/// A text column of less than four bytes a row can only hold codes.
fn is_all_dictionary(metadata: &ArrowReaderMetadata, column: usize) -> bool {
    metadata.metadata().row_groups().iter().all(|group| {
        group
            .columns()
            .get(column)
            .is_some_and(|chunk| chunk.uncompressed_size() < 4 * group.num_rows())
    })
}

fn decode(file: &Path, metadata: &ArrowReaderMetadata, group: usize) -> Result<usize, Failure> {
    let columns = ProjectionMask::columns(metadata.parquet_schema(), NEEDED);
    let reader =
        ParquetRecordBatchReaderBuilder::new_with_metadata(File::open(file)?, metadata.clone())
            .with_row_groups(vec![group])
            .with_projection(columns)
            .with_batch_size(8192)
            .build()?;
    let mut rows = 0;
    for batch in reader {
        rows += batch?.num_rows();
    }
    Ok(rows)
}
