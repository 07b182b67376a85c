//! `authress-user-migration migrate --from USER --to USER`, `resume` and `list`: replaces anonymous users in access
//! records and deletes them. The shop's server moves its own data. `delete-users` deletes those that the shop has no use
//! for.

mod settings;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use authress_user_migration::anonymous_user_id::is_of_verifier;
use authress_user_migration::{
    AccessRecords, AuthressRecords, CleanUp, Entry, Journal, Migration, MigrationError, Migrator, Progress,
    RedisJournal, SETTLING, Step, clean_up,
};
use clap::{Parser, Subcommand};

use crate::settings::Settings;

/// Moves everything of an anonymous user to another user id.
///
/// Settings are environment variables: REDIS_URL (the journal, which the shop uses too), AUTHRESS_API_URL,
/// AUTHRESS_ACCESS_KEY_FILE; optionally REDIS_CA_FILE and USER_ID_PREFIX, as the verifier has them.
///
/// Exit status: 0 everything is finished, 1 an error, 2 wrong arguments, 3 something is left for the shop or for later.
#[derive(Debug, Parser)]
#[command(name = "authress-user-migration", arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// How old Authress's lists of access records may be, in seconds
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = SETTLING.as_secs())]
    settling: u64,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Begin a migration, or continue it
    Migrate {
        /// The anonymous user, which will be deleted
        #[arg(long, value_name = "USER")]
        from: String,
        /// The user that owns everything afterwards
        #[arg(long, value_name = "USER")]
        to: String,
        /// Print what would be done, and change nothing
        #[arg(long)]
        dry_run: bool,
        /// The shop's data are moved already, or there are none
        #[arg(long)]
        data_moved: bool,
    },
    /// Continue all unfinished migrations
    Resume {
        /// Wait until lists of access records are new enough, and continue
        #[arg(long)]
        wait: bool,
    },
    /// Print all unfinished migrations
    List,
    /// Delete the anonymous users on standard input, one id in each line. Accounts are skipped
    DeleteUsers {
        /// Print what would be done, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(3),
        Err(sentence) => {
            eprintln!("authress-user-migration: {sentence}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether everything is finished.
async fn run(arguments: Arguments) -> Result<bool, String> {
    let settings = Settings::read(|name| std::env::var(name).ok())?;
    let journal = RedisJournal::new(&settings.redis_url).map_err(|error| error.to_string())?;
    let records = AuthressRecords::new(settings.client()?);
    let migrator = Migrator::new(Arc::new(journal.clone()), now)
        .with_records(Arc::new(records.clone()))
        .settling_for(Duration::from_secs(arguments.settling));
    match arguments.command {
        Command::Migrate { from, to, dry_run, data_moved } => {
            let is_anonymous = is_of_verifier(&from, &settings.user_id_prefix);
            let migration =
                Migration::new(&from, &to, now(), is_anonymous).map_err(|refused| failed(&refused.into()))?;
            if dry_run {
                return preview(&journal, &records, &migration).await;
            }
            if data_moved {
                migrator.data_moved(&migration).await.map_err(|error| failed(&error))?;
            }
            let progress = migrator.run(&migration).await.map_err(|error| failed(&error))?;
            println!("{}", sentence(&migration, progress));
            Ok(progress == Progress::Finished)
        }
        Command::Resume { wait } => resume(&migrator, wait).await,
        Command::List => {
            let unfinished = journal.unfinished().await.map_err(|error| failed(&error))?;
            unfinished.iter().for_each(|entry| println!("{}", line(entry)));
            eprintln!("{} unfinished", unfinished.len());
            Ok(true)
        }
        Command::DeleteUsers { dry_run } => delete_users(&records, &journal, &settings.user_id_prefix, dry_run).await,
    }
}

/// One after the other: Authress limits requests, and a list of the night is in no hurry.
async fn delete_users(
    records: &dyn AccessRecords,
    journal: &dyn Journal,
    prefix: &str,
    is_dry_run: bool,
) -> Result<bool, String> {
    let (mut deleted, mut skipped) = (0_usize, 0_usize);
    for line in std::io::stdin().lines() {
        let line = line.map_err(|error| format!("standard input cannot be read: {error}"))?;
        let user = line.trim();
        if user.is_empty() {
            continue;
        }
        let result = clean_up(records, journal, user, prefix, is_dry_run).await;
        let reason = match result.map_err(|error| format!("{user}: {}; {deleted} users deleted", failed(&error)))? {
            CleanUp::Deleted => {
                deleted += 1;
                println!("{user}: {}", if is_dry_run { "would be deleted" } else { "deleted" });
                continue;
            }
            CleanUp::NotAnonymous => "not an id of this verifier (USER_ID_PREFIX)",
            CleanUp::HasIdentity => "has an account by now",
            CleanUp::IsMigrating => "is being migrated, which deletes it",
        };
        skipped += 1;
        println!("{user}: skipped, {reason}");
    }
    let verb = if is_dry_run { "would be deleted" } else { "deleted" };
    eprintln!("{deleted} {verb}, {skipped} skipped");
    Ok(true)
}

async fn resume(migrator: &Migrator, wait: bool) -> Result<bool, String> {
    loop {
        let results = migrator.resume_unfinished().await.map_err(|error| failed(&error))?;
        let (mut is_finished, mut has_failed, mut until) = (true, false, None::<i64>);
        for (migration, result) in &results {
            match result {
                Ok(progress) => {
                    println!("{}", sentence(migration, *progress));
                    is_finished &= *progress == Progress::Finished;
                    if let Progress::WaitsUntil(time) = progress {
                        until = Some(until.map_or(*time, |until| until.min(*time)));
                    }
                }
                Err(error) => {
                    eprintln!("{}: {}", migration.from(), failed(error));
                    has_failed = true;
                }
            }
        }
        match until {
            Some(time) if wait => {
                let seconds = u64::try_from(time.saturating_sub(now())).unwrap_or(0);
                tokio::time::sleep(Duration::from_secs(seconds)).await;
            }
            Some(_) | None if has_failed => {
                return Err("some migrations have stopped; the reasons are above".to_owned());
            }
            Some(_) | None => return Ok(is_finished),
        }
    }
}

/// Prints what a migration would do.
async fn preview(journal: &dyn Journal, records: &dyn AccessRecords, migration: &Migration) -> Result<bool, String> {
    let (from, to) = (migration.from(), migration.to());
    if let Some(entry) = journal.find(from).await.map_err(|error| failed(&error))? {
        println!("in the journal already: {}", line(&entry));
    }
    let naming = records.naming(from).await.map_err(|error| failed(&error.into()))?;
    println!("would have the shop move its data of {from} to {to}");
    println!("would replace {from} by {to} in {} access records: {}", naming.len(), naming.join(", "));
    println!("would list the access records again after {} seconds, then delete the user {from}", SETTLING.as_secs());
    Ok(true)
}

fn sentence(migration: &Migration, progress: Progress) -> String {
    let (from, to) = (migration.from(), migration.to());
    match progress {
        Progress::Finished => format!("{from}: finished. Everything is {to}'s, and the anonymous user is deleted"),
        Progress::WaitsForData => format!(
            "{from}: begun. The shop must move its data: a shop with this journal does so within a minute; otherwise move \
             them to {to} and repeat with --data-moved"
        ),
        Progress::WaitsForRecords => format!("{from}: the access records are next"),
        Progress::WaitsUntil(time) => format!(
            "{from}: {to} is in the access records. Lists of them may be old, so run `resume` again in {} seconds",
            time.saturating_sub(now()).max(0)
        ),
    }
}

fn line(entry: &Entry) -> String {
    let (from, to, begun_at) = (entry.migration.from(), entry.migration.to(), entry.migration.begun_at());
    let step = match entry.step {
        Step::Begun => "begun; the shop's data are next".to_owned(),
        Step::DataMoved => "data moved; the access records are next".to_owned(),
        Step::RecordsReplaced { settled_after } => {
            format!("access records replaced; listed again after {settled_after}")
        }
        Step::RecordsSettled => "access records settled; the deletion of the user is next".to_owned(),
        Step::UserDeleted => "finished".to_owned(),
    };
    format!("{from} -> {to} (since {begun_at}): {step}")
}

fn failed(error: &MigrationError) -> String {
    format!("{}: {error}", error.code())
}

/// Seconds since 1970.
fn now() -> i64 {
    // With a clock before 1970, no wait is ever over.
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).ok();
    since_1970.and_then(|time| i64::try_from(time.as_secs()).ok()).unwrap_or(0)
}
