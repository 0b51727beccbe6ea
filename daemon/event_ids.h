/* event_ids.h: the MESSAGE_IDs of the journal (made with systemd-id128 new). One row an event; the catalog explains each.
 * EVENT(NAME, id) */
#pragma once

#define EVENTS(EVENT)                                                 \
        EVENT(STARTED, "ec93f549ebfc4bbe92185dbf7970253e")            \
        EVENT(STOPPED, "ac8970b1fbd6400e9145eb4a73711b50")            \
        EVENT(CONFIG_LOADED, "40031ec9387a4fe888a6d654870b5fb4")      \
        EVENT(CONFIG_REFUSED, "8c1226d1aa3c47478df7c1347b1cea20")     \
        EVENT(SLOTS_MISSED, "fe73fccfaa764687abd9beb3e37db446")       \
        EVENT(RUN_STARTED, "953043b683b349e1931b027e0119f27c")        \
        EVENT(RUN_DONE, "b11cae1461764a8ab17ba45b051a39ba")           \
        EVENT(RUN_BROKEN, "925a5725a16e46fda9a332ec9719e7d7")         \
        EVENT(RUN_ENDED_EARLY, "4fbae8cf50534234aee369a3de432613")    \
        EVENT(TRUNK_FAILED, "5b6927dd9c974440acdc1cb4832ca3c0")       \
        EVENT(TRUNK_CHANGED, "0b435fb5945c48d28113f25b5c8b3a03")      \
        EVENT(TRUNK_RECOVERED, "f9d11cc0ca354a86995a2cd78402e1c0")    \
        EVENT(TRUNK_REMINDER, "65ab1de3ff924dbcb62f4c9030b2e931")     \
        EVENT(TRUNKS_SUMMARY, "adec87943d834570afe64c049ce24147")     \
        EVENT(TRUNK_APPEARED, "ea800e544d8f47acbc6fd7e38fc5d7cd")     \
        EVENT(TRUNK_VANISHED, "ca4dd4ed9fb04b1b8ff6321f8597fb00")     \
        EVENT(DRIFT_FOUND, "a26e1a75f8b64991bb6e55155dff6588")        \
        EVENT(DRIFT_ENDED, "c5dfc47e5fda48c4b47aca6dad985128")        \
        EVENT(MANY_DIFFERENCES, "13a4ef7634ec4a7d96687b7c104cfb40")   \
        EVENT(TRUNK_FLAPPING, "60e24e354b164aafb2c84c81d64b70e9")     \
        EVENT(TRUNK_SETTLED, "07cfadc10c324189b5ecc481e9fa9b0f")      \
        EVENT(TRUNK_UNTESTED, "6469c71825294b6f975ccbcec2906119")     \
        EVENT(TRUNK_TESTED, "4a3724ddc00944df924a9136c32c3e3b")       \
        EVENT(TRUNK_DROPPED, "ab684babe88548c2b0287fe65f41978e")      \
        EVENT(RUNS_OVERDUE, "2003e52ab2cb42539d2672ab8090b443")       \
        EVENT(RUNS_RESUMED, "fbcc3fe409874062b1d92575ff5f1360")       \
        EVENT(HOOK_LOST, "560a15edf7504a358cb80f2fb966fc9f")          \
        EVENT(MESSAGES_LOST, "f6531c9ade6645b98a9bbc6cf11a3065")      \
        EVENT(PLATFORM_FAILED, "244a4dc803d0437291e07ed5725e0ae1")    \
        EVENT(PLATFORM_RECOVERED, "8cc238ffda50447b96bdd6e81c7cc3b4") \
        EVENT(CLOCK_OFF, "cbde2a404aa849c3a1ff2734b68f77d7")          \
        EVENT(CLOCK_RECOVERED, "b5aa9e2e1eba4a1db4ffd246f7a3b7d7")    \
        EVENT(AUDIT_LOG, "5bcc0164591f499ba8832789eb312342")          \
        EVENT(REFRESH, "13b470702aba4b09ab477e6de09b947b")            \
        EVENT(METRICS_FAILED, "4f8de302e5d0429db5dc0c2e34841378")     \
        EVENT(STORE_CARE, "f99d7783ad374a938bc3ae809176b93b")         \
        EVENT(STORE_CHECKED, "14a8e510383b48c683acb04e15a25d35")      \
        EVENT(STORE_DAMAGED, "e00d6cc09a8248b1b8a4a23dcb3ad156")      \
        EVENT(STORE_LARGE, "4ece5529a4ca409db1e77046ff74a785")        \
        EVENT(STORE_LOG_LARGE, "9b755b4984254a128dbcd25149e1b5cf")    \
        EVENT(STORE_UPGRADED, "4d0cf403c8ec4ff6ba2063225e18810d")     \
        EVENT(STORE_FAILED, "2fd090f525cd4530abcaa93c1d815984")       \
        EVENT(STORE_RECOVERED, "02378c2a7988494fa74d7370b7106ae8")    \
        EVENT(STORE_REPLACED, "a8d534c56a48423fb13b75e64fc986c1")     \
        EVENT(RUN_KEPT, "e47e84abf9bc41419201c88b30569794")
