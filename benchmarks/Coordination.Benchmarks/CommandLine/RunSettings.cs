using System.ComponentModel;
using Coordination.Benchmarks.Servers;
using Spectre.Console.Cli;

namespace Coordination.Benchmarks.CommandLine;

/// <summary>The options of every command.</summary>
internal class RunSettings : CommandSettings
{
    [CommandOption("--redis <HOST:PORT>")]
    [Description("A Redis server of yours. Without it redis-server is started from PATH, on a free loopback port; and so on for the others.")]
    public string? Redis { get; init; }

    [CommandOption("--redlock <HOST:PORT,...>")]
    [Description("Independent Redis masters of yours, an odd number from 3 on, separated by commas.")]
    public string? Redlock { get; init; }

    [CommandOption("--etcd <HOST:PORT,...>")]
    [Description("The members of an etcd cluster of yours. The first should lead: peers talk to it alone.")]
    public string? Etcd { get; init; }

    [CommandOption("--zookeeper <HOST:PORT,...>")]
    [Description("The servers of a ZooKeeper ensemble of yours.")]
    public string? ZooKeeper { get; init; }

    [CommandOption("--json <FILE>")]
    [Description("Writes the results for other programs; docs/benchmarks.md has the schema.")]
    public string? Json { get; init; }

    public Endpoints Endpoints => new(Redis, Redlock, Etcd, ZooKeeper);
}

/// <summary>Of those that compare implementations on backends.</summary>
internal class CompareSettings : RunSettings
{
    [CommandOption("--backend <A,B>")]
    [Description("memory, redis, redlock-3, redlock-5, etcd, etcd-3, zookeeper, zookeeper-3, or all.")]
    [DefaultValue("redis")]
    public string Backend { get; init; } = "redis";

    [CommandOption("--implementation <A,B>")]
    [Description("coordination, raw, distributedlock, redlock.net, lock-service. Default: all that run on the backend.")]
    public string? Implementation { get; init; }
}
