using System.Diagnostics;
using Coordination.Etcd.Tests.Conformance;
using Coordination.Etcd.Tests.Support;

namespace Coordination.Etcd.Tests;

/// <summary>Runs samples/Quickstart over etcd as a newcomer does: as a process, judged by what it prints and how it ends.</summary>
public sealed class QuickstartTests
{
    [Fact]
    public async Task Worker_processes_keep_every_guarantee_and_leave_nothing_but_what_leases_end()
    {
        await using var server = await FaultTests.StartAsync();
        var (exitCode, output) = await RunAsync("--etcd", $"127.0.0.1:{server.Port}");
        Assert.True(exitCode == 0, output);
        Assert.Contains("PASSED", output, StringComparison.Ordinal);
        using var admin = new Admin(server.Address);
        await FaultTests.UntilAsync(async () => (await admin.KeysAsync()).Length == 0);
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
