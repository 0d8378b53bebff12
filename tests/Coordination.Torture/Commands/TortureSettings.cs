using System.ComponentModel;
using System.Globalization;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Coordination.Torture.Commands;

/// <summary>What can be asked for.</summary>
internal sealed class TortureSettings : CommandSettings
{
    [CommandOption("-b|--backend <BACKEND>")]
    [Description("redis, redlock, etcd, zookeeper or memory. memory is a simulation: thousands of schedules on a clock of its own.")]
    public string Backend { get; init; } = "";

    [CommandOption("-m|--minutes <MINUTES>")]
    [Description("How long, from 0.05 to 1440. The default is 5.")]
    [DefaultValue(5.0)]
    public double Minutes { get; init; }

    [CommandOption("-s|--seed <SEED>")]
    [Description("What everything is drawn from, from 0 to 2147483647. By default one by chance, which is shown.")]
    public string? SeedText { get; init; }

    public int? Seed => int.TryParse(SeedText, NumberStyles.None, CultureInfo.InvariantCulture, out var seed) ? seed : null;

    [CommandOption("--schedules <COUNT>")]
    [Description("With memory: how many schedules, instead of --minutes. With redlock: simulates so many, instead of starting servers.")]
    public int? Schedules { get; init; }

    [CommandOption("--bug <NAME>")]
    [Description("In a simulation: a bug between engine and backend or in Redlock's scripts, which must be found. A wrong name lists them.")]
    public string? Bug { get; init; }

    public bool IsSimulated => Backend == "memory" || Schedules is not null || Bug is not null;

    [CommandOption("-p|--peer <LIBRARY>")]
    [Description("With redis: DistributedLock.Redis or RedLock.net under the same faults, locks only. With redlock: RedLock.net.")]
    public string? Peer { get; init; }

    [CommandOption("-c|--clients <COUNT>")]
    [Description("How many client processes, from 2 to 16. The default is 3.")]
    [DefaultValue(3)]
    public int Clients { get; init; }

    [CommandOption("-w|--workers <COUNT>")]
    [Description("How many workers in each, from 1 to 100. The default is 8.")]
    [DefaultValue(8)]
    public int Workers { get; init; }

    [CommandOption("-o|--out <DIRECTORY>")]
    [Description("Where report.json, history.jsonl and holders.svg go.")]
    public string? Out { get; init; }

    public override ValidationResult Validate()
    {
        string[] backends = ["redis", "redlock", "etcd", "zookeeper", "memory"];
        if (!backends.Contains(Backend))
        {
            return ValidationResult.Error($"--backend must be one of {string.Join(", ", backends)}; it was '{Backend}'.");
        }

        if (Minutes is not (>= 0.05 and <= 1440))
        {
            return ValidationResult.Error("--minutes must be a number from 0.05 to 1440.");
        }

        if (SeedText is not null && Seed is null)
        {
            return ValidationResult.Error($"--seed must be a whole number from 0 to 2147483647; it was '{SeedText}'.");
        }

        if (Clients is < 2 or > 16 || Workers is < 1 or > 100)
        {
            return ValidationResult.Error("--clients must be from 2 to 16, and --workers from 1 to 100.");
        }

        if (IsSimulated && (Backend is not ("memory" or "redlock") || Peer is not null))
        {
            return ValidationResult.Error("--schedules and --bug go with --backend memory or redlock only, and without --peer.");
        }

        if (Schedules < 1)
        {
            return ValidationResult.Error("--schedules must be 1 or more.");
        }

        if (Bug is not null && !Simulation.Simulator.BugsOf(Backend).Contains(Bug))
        {
            return ValidationResult.Error($"--bug must be one of: {string.Join("; ", Simulation.Simulator.BugsOf(Backend))}.");
        }

        return ValidatePeer();
    }

    private ValidationResult ValidatePeer() => (Peer, Backend) switch
    {
        (null, _) or ("DistributedLock.Redis" or "RedLock.net", "redis") or ("RedLock.net", "redlock") => ValidationResult.Success(),
        _ => ValidationResult.Error("--peer must be DistributedLock.Redis (with redis) or RedLock.net (with redis or redlock)."),
    };
}
