//! `runlog report cost`: the flags.

use clap::Args;
use runlog_report::Prices;

use super::memory::SizingArgs;
use super::show::show;
use super::source::SourceArgs;
use crate::cli::common::failure::Failure;

/// Arguments of `runlog report cost`.
#[derive(Args)]
pub(super) struct CostArgs {
    /// The price of a GB-second, in any currency, from your platform's price list.
    #[arg(long, value_name = "PRICE", value_parser = Prices::read)]
    price_gbs: Option<f64>,
    /// The price of a million requests, in the same currency.
    #[arg(long, value_name = "PRICE", value_parser = Prices::read)]
    price_request: Option<f64>,
    #[command(flatten)]
    sizing: SizingArgs,
    #[command(flatten)]
    source: SourceArgs,
}

pub(super) fn run(args: &CostArgs) -> Result<u8, Failure> {
    let prices = Prices { gbs: args.price_gbs, requests: args.price_request };
    show(runlog_report::cost(&args.source.open()?, &args.sizing.sizing(), &prices)?, args.source.output, false)
}
