using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Coordination.Benchmarks.CommandLine;
using Coordination.Benchmarks.Micro;
using Coordination.Benchmarks.Reporting;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Commands;

internal sealed class MicroCommand : Command
{
    public override string Name => "micro";

    public override string Summary => "single operations under BenchmarkDotNet: time and allocations";

    public override IReadOnlyList<(string Option, string Meaning)> Options => [("--short", "few iterations, to see that it runs")];

    protected override Func<RedisTarget, Report, Task<int>> Read(Arguments arguments)
    {
        // In this process: BenchmarkDotNet's own projects would inherit the repository's settings, and could not be told of the server.
        var job = (arguments.Flag("--short") ? Job.ShortRun : Job.Default.WithWarmupCount(6).WithIterationCount(15))
            .WithToolchain(InProcessEmitToolchain.Instance);
        return (target, report) =>
        {
            RedisPairs.Endpoint = target.Endpoint;
            var config = DefaultConfig.Instance.AddJob(job)
                .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "coordination-benchmarks", "micro"));
            var summaries = BenchmarkRunner.Run([typeof(RedisPairs), typeof(InMemoryPairs)], config);
            report.Add(Name, summaries.SelectMany(static summary => summary.Reports).Select(static one => new
            {
                name = one.BenchmarkCase.Descriptor.WorkloadMethodDisplayInfo,
                meanMicroseconds = one.ResultStatistics?.Mean / 1000,
                medianMicroseconds = one.ResultStatistics?.Median / 1000,
                bytes = one.GcStats.GetBytesAllocatedPerOperation(one.BenchmarkCase),
            }).ToList());
            return Task.FromResult(summaries.Any(static summary => summary.HasCriticalValidationErrors || summary.Reports.Any(static one => !one.Success)) ? 1 : 0);
        };
    }
}
