using System.ComponentModel;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Micro;
using Coordination.Benchmarks.Reporting;
using Coordination.Benchmarks.Servers;
using Spectre.Console.Cli;

namespace Coordination.Benchmarks.Commands;

[Description("Single operations under BenchmarkDotNet: time and allocations, against the raw floor and the peers.")]
internal sealed class MicroCommand : MeasuringCommand<MicroCommand.Settings>
{
    protected override async Task<int> RunAsync(Settings settings, Report report)
    {
        List<(Backend Backend, Type Pairs)> chosen = [.. BackendCatalog.Choose(settings.Backend).Select(static backend => (backend, backend.Key switch
        {
            "memory" => typeof(InMemoryPairs),
            "redis" => typeof(RedisPairs),
            "redlock-5" => typeof(RedlockPairs),
            "etcd" => typeof(EtcdPairs),
            "zookeeper" => typeof(ZooKeeperPairs),
            _ => throw new UsageException($"micro runs on memory, redis, redlock-5, etcd and zookeeper; it was '{backend.Key}'."),
        }))];

        foreach (var (backend, _) in chosen)
        {
            // BenchmarkDotNet takes a package that cannot be loaded for a benchmark that failed.
            Catalog.Choose(null, backend);
        }

        // In this process: BenchmarkDotNet's own projects would inherit the repository's settings, and could not be told of the servers.
        var job = (settings.Short ? Job.ShortRun : Job.Default.WithWarmupCount(6).WithIterationCount(15)).WithToolchain(InProcessEmitToolchain.Instance);
        var config = DefaultConfig.Instance.AddJob(job).WithArtifactsPath(Path.Combine(Path.GetTempPath(), "coordination-benchmarks", "micro"));
        var results = new Dictionary<string, object>(StringComparer.Ordinal);
        var exitCode = ExitCodes.Done;
        foreach (var (backend, pairs) in chosen)
        {
            await using var servers = await OpenAsync(backend, settings, report);
            BackendPairs.Servers = servers;
            var summary = BenchmarkRunner.Run(pairs, config);
            results[backend.Key] = summary.Reports.Select(ToResult).ToList();
            exitCode = summary.HasCriticalValidationErrors || summary.Reports.Any(static one => !one.Success) ? ExitCodes.Failure : exitCode;
        }

        report.Add("micro", results);
        return exitCode;
    }

    private static object ToResult(BenchmarkReport one) => new
    {
        name = one.BenchmarkCase.Descriptor.WorkloadMethodDisplayInfo,
        meanMicroseconds = one.ResultStatistics?.Mean / 1000,
        medianMicroseconds = one.ResultStatistics?.Median / 1000,
        bytes = one.GcStats.GetBytesAllocatedPerOperation(one.BenchmarkCase),
    };

    internal sealed class Settings : RunSettings
    {
        [CommandOption("--backend <A,B>")]
        [Description("memory, redis, redlock-5, etcd, zookeeper.")]
        [DefaultValue("redis,memory")]
        public string Backend { get; init; } = "redis,memory";

        [CommandOption("--short")]
        [Description("Few iterations, to see that it runs.")]
        public bool Short { get; init; }
    }
}
