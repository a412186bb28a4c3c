//! `runlog report compare`: the flags.

use clap::Args;
use runlog_report::Side;

use super::show::show;
use super::slow::JudgeArgs;
use super::source::SourceArgs;
use crate::cli::common::failure::Failure;

/// Arguments of `runlog report compare`.
#[derive(Args)]
pub(super) struct CompareArgs {
    /// The baseline: a version, or function=, namespace=, version=, since=, from=, to= separated by commas. Anything
    /// omitted comes from the other flags.
    #[arg(long, value_name = "WHAT")]
    a: String,
    /// The candidate, in the same form: --function f --a 1 --b 2; --a function=f --b function=g; --a
    /// from=2026-06-30,to=2026-07-01 --b from=2026-07-01,to=2026-07-02.
    #[arg(long, value_name = "WHAT")]
    b: String,
    #[command(flatten)]
    judge: JudgeArgs,
    #[command(flatten)]
    source: SourceArgs,
}

/// The flags with what one side says in their place.
fn side_args(text: &str, common: &SourceArgs) -> Result<SourceArgs, Failure> {
    let side = Side::parse(text).map_err(Failure::Usage)?;
    let mut args = common.clone();
    args.function = side.function.or(args.function);
    args.namespace = side.namespace.or(args.namespace);
    args.qualifier = side.version.or(args.qualifier);
    args.span.to = side.to.or(args.span.to);
    if side.from.is_some() || side.since_ms.is_some() {
        (args.span.from, args.span.since) = (side.from, side.since_ms);
    }
    Ok(args)
}

pub(super) fn run(args: &CompareArgs) -> Result<u8, Failure> {
    let (a, b) = (side_args(&args.a, &args.source)?.open()?, side_args(&args.b, &args.source)?.open()?);
    let found = runlog_report::compare((&a, &args.a), (&b, &args.b), &args.judge.judge())?;
    show(found, args.source.output, args.judge.fail_on_regression)
}
