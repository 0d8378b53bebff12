using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Scenarios;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Commands;

/// <summary>What a report runs.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Backends">On what.</param>
internal sealed record ReportPlan(string Name, IReadOnlyList<Backend> Backends)
{
    public double UncontendedSeconds { get; init; } = 6;

    /// <summary>How many contend for one lock.</summary>
    public IReadOnlyList<int> Contenders { get; init; } = [16, 64];

    /// <summary>The same on Redis, whose peers are most.</summary>
    public IReadOnlyList<int> ContendersOnRedis { get; init; } = [4, 16, 64, 256];

    /// <summary>How long each implementation is measured each time.</summary>
    public double ContentionSeconds { get; init; } = 1.4;

    public double WarmUpSeconds { get; init; } = 0.3;

    public int Rounds { get; init; } = 2;

    /// <summary>Besides a lock in one process: other primitives, and four processes. On Redis alone unless all is asked for.</summary>
    public bool VariesEverywhere { get; init; }

    public int HandOffRounds { get; init; } = 8;

    public int Crashes { get; init; } = 2;

    public int CrashesOfLeaders { get; init; } = 1;

    public int Resignations { get; init; } = 10;

    /// <summary>How many leases are held; on Redis alone unless all is asked for.</summary>
    public IReadOnlyList<int> Leases { get; init; } = [10_000];

    /// <summary>By name.</summary>
    public static ReportPlan Find(string name) => name switch
    {
        "quick" => new ReportPlan(name, [BackendCatalog.InMemory, BackendCatalog.Redis, BackendCatalog.Redlock5, BackendCatalog.Etcd, BackendCatalog.ZooKeeper]),
        "full" => new ReportPlan(name, BackendCatalog.All)
        {
            UncontendedSeconds = 15,
            Contenders = [1, 4, 16, 64, 256],
            ContendersOnRedis = [1, 4, 16, 64, 256, 1024],
            ContentionSeconds = 4,
            WarmUpSeconds = 0.5,
            Rounds = 2,
            VariesEverywhere = true,
            HandOffRounds = 30,
            Crashes = 3,
            CrashesOfLeaders = 3,
            Resignations = 100,
            Leases = [1, 10, 100, 1000, 10_000],
        },
        "smoke" => new ReportPlan(name, [BackendCatalog.InMemory, BackendCatalog.Redis])
        {
            UncontendedSeconds = 0.2,
            Contenders = [2],
            ContendersOnRedis = [2],
            ContentionSeconds = 2,
            WarmUpSeconds = 0.1,
            HandOffRounds = 1,
            Crashes = 0,
            CrashesOfLeaders = 0,
            Resignations = 3,
            Leases = [],
        },
        _ => throw new UsageException($"There are the reports quick, full and smoke; it was '{name}'."),
    };

    /// <summary>A session of ZooKeeper lives no shorter than two of its ticks.</summary>
    public static double LeaseSecondsOn(Backend backend) => backend.Store == Store.ZooKeeper ? 4 : 3;

    public IReadOnlyList<int> ContendersOn(Backend backend) => backend.Store == Store.Redis ? ContendersOnRedis : Contenders;

    public ContentionSettings Settings(int workers) => new(workers, Seconds: ContentionSeconds, Rounds: Rounds) { WarmUpSeconds = WarmUpSeconds };

    /// <summary>Besides a lock in one process.</summary>
    public IEnumerable<ContentionSettings> VariationsOn(Backend backend)
    {
        if (Name != "smoke" && (VariesEverywhere || backend.Store == Store.Redis))
        {
            yield return Settings(16) with { Primitive = Primitive.ReaderWriterLock };
            yield return Settings(16) with { Primitive = Primitive.Semaphore };
            if (backend.Store != Store.InMemory)
            {
                yield return Settings(16) with { Processes = 4 };
                yield return Settings(16) with { PauseMilliseconds = 5 };
            }
        }
    }

    public bool HoldsLeasesOn(Backend backend) => Leases.Count > 0 && (VariesEverywhere || backend.Store == Store.Redis);
}
