using System.ComponentModel;
using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Reporting;
using Coordination.Benchmarks.Servers;
using Spectre.Console.Cli;

namespace Coordination.Benchmarks.Commands;

[Description("The figures that the project promises: aim, measured, ok or missed. About ten minutes: two for Redis, three for Redlock, three for etcd, two for ZooKeeper.")]
internal sealed class FiguresCommand : MeasuringCommand<FiguresCommand.Settings>
{
    protected override async Task<int> RunAsync(Settings settings, Report report)
    {
        var exitCode = ExitCodes.Done;
        var backends = Choose(settings);
        foreach (var backend in backends)
        {
            Catalog.Choose(null, backend);
        }

        foreach (var backend in backends)
        {
            await using var servers = await OpenAsync(backend, settings, report);
            var (results, code) = await (backend.Store switch
            {
                Store.InMemory => InMemoryFigures.RunAsync(backend, servers),
                Store.Redis => RedisFigures.RunAsync(backend, servers),
                Store.Redlock => RedlockFigures.RunAsync(backend, (RedisTarget)servers),
                Store.Etcd => EtcdFigures.RunAsync(backend, servers),
                _ => ZooKeeperFigures.RunAsync(backend, servers),
            });
            report.Add(backend.Key, results);
            exitCode |= code;
        }

        return exitCode;
    }

    /// <summary>A cluster is started once with one member and once with three; the user's is as it is.</summary>
    private static IReadOnlyList<Backend> Choose(Settings settings) =>
        [.. settings.Backend.Split(',', StringSplitOptions.TrimEntries).Distinct(StringComparer.Ordinal).SelectMany(key => (IEnumerable<Backend>)(key switch
        {
            "memory" => [BackendCatalog.InMemory],
            "redis" => [BackendCatalog.Redis],
            "redlock" => [BackendCatalog.Redlock5],
            "etcd" => settings.Etcd is null ? [BackendCatalog.Etcd, BackendCatalog.Etcd3] : [BackendCatalog.Etcd],
            "zookeeper" => settings.ZooKeeper is null ? [BackendCatalog.ZooKeeper, BackendCatalog.ZooKeeper3] : [BackendCatalog.ZooKeeper],
            _ => throw new UsageException($"--backend takes memory, redis, redlock, etcd and zookeeper; it was '{key}'."),
        }))];

    internal sealed class Settings : RunSettings
    {
        [CommandOption("--backend <A,B>")]
        [Description("memory, redis, redlock, etcd, zookeeper.")]
        [DefaultValue("memory,redis,redlock,etcd,zookeeper")]
        public string Backend { get; init; } = "memory,redis,redlock,etcd,zookeeper";
    }
}
