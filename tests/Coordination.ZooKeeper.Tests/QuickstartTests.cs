using System.Diagnostics;
using Coordination.ZooKeeper.Tests.Conformance;
using Coordination.ZooKeeper.Tests.Support;

namespace Coordination.ZooKeeper.Tests;

/// <summary>Runs samples/Quickstart over ZooKeeper as a newcomer does: as a process, judged by what it prints and how it ends.</summary>
public sealed class QuickstartTests
{
    [Fact]
    public async Task Worker_processes_keep_every_guarantee_and_leave_nothing()
    {
        await using var server = await Run.ServerAsync();
        var (exitCode, output) = await RunAsync("--zookeeper", server.Address);
        Assert.True(exitCode == 0, output);
        Assert.Contains("PASSED", output, StringComparison.Ordinal);
        Assert.Equal(["zookeeper"], await new Admin(server.Address).ChildrenAsync("/"));
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        var path = Metadata.Of("QuickstartPath");
        using var process = Process.Start(new ProcessStartInfo(OperatingSystem.IsWindows() ? path + ".exe" : path, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            var output = await Task.WhenAll(
                process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return (process.ExitCode, string.Concat(output));
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }
}
