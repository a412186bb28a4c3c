//! The fixed words of the dialect's parameters.

use serde::{Serialize, Serializer};

/// Declares an enum whose variants are words of the dialect.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant,)+
        }

        impl $name {
            /// Every word.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The word as the dialect spells it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)+
                }
            }

            /// The variant that the dialect spells like this.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str() == word)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

words! {
    /// The direction of an order.
    Order {
        /// The smallest first.
        Asc = "asc",
        /// The largest first; the server's default.
        Desc = "desc",
    }
}

words! {
    /// What runs are ordered by.
    OrderBy {
        /// When the run started; the server's default.
        StartTime = "start_time",
        /// How long it took.
        Duration = "duration",
        /// How much memory it used.
        MemUsage = "mem_usage",
        /// The function's name.
        FunctionName = "function_name",
    }
}

words! {
    /// A class of results.
    RetCode {
        /// Succeeded.
        Is0 = "is0",
        /// Failed.
        Not0 = "not0",
        /// Ran into its time limit.
        TimeLimitExceeded = "TimeLimitExceeded",
        /// Ran into its memory limit, or found no resources.
        ResourceLimitExceeded = "ResourceLimitExceeded",
        /// Failed by itself.
        UserCodeException = "UserCodeException",
    }
}
