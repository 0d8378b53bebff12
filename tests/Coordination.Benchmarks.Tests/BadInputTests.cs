namespace Coordination.Benchmarks.Tests;

/// <summary>What cannot be done is said in a line, with exit code 2, before anything is started.</summary>
public sealed class BadInputTests
{
    [Theory]
    [InlineData("nonsense", "nonsense")]
    [InlineData("handoff --nonsense", "nonsense")]
    [InlineData("contention --workers many", "--workers")]
    [InlineData("contention --workers 0", "--workers")]
    [InlineData("contention --workers 2 --processes 3", "--processes")]
    [InlineData("contention --hold-ms -1", "--hold-ms")]
    [InlineData("contention --permits 0", "--permits")]
    [InlineData("contention --seconds soon", "soon")]
    [InlineData("contention --primitive mutex", "--primitive")]
    [InlineData("contention --backend paper", "paper")]
    [InlineData("contention --backend memory --processes 4", "--processes")]
    [InlineData("contention --implementation nobody", "nobody")]
    [InlineData("contention --backend etcd --implementation redlock.net", "RedLock.net")]
    [InlineData("contention --primitive rw --implementation redlock.net", "RedLock.net")]
    [InlineData("handoff --backend memory", "memory")]
    [InlineData("failover --implementation raw", "raw")]
    [InlineData("figures --backend memory", "memory")]
    [InlineData("micro --backend etcd-3", "etcd-3")]
    [InlineData("report", "SET")]
    [InlineData("report everything", "everything")]
    [InlineData("report smoke --output /dev/null/nowhere", "--output")]
    [InlineData("uncontended --json /nowhere/at/all.json", "--json")]
    [InlineData("uncontended --redis 127.0.0.1:1", "127.0.0.1:1")]
    [InlineData("uncontended --backend redlock-3 --redlock 127.0.0.1:1,127.0.0.1:2", "odd")]
    [InlineData("uncontended --backend etcd --etcd 127.0.0.1:1", "127.0.0.1:1")]
    [InlineData("uncontended --backend zookeeper --zookeeper 127.0.0.1:1", "127.0.0.1:1")]
    public async Task Is_refused_with_a_message_that_names_it(string commandLine, string expected)
    {
        var run = await BenchmarksRun.StartAsync(commandLine.Split(' '));

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(expected, run.Errors, StringComparison.Ordinal);
        Assert.Contains("--help", run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("contention")]
    [InlineData("contention --implementation redlock.net")]
    public async Task A_peer_that_cannot_be_loaded_is_named(string commandLine)
    {
        var copy = Directory.CreateTempSubdirectory("coordination-benchmarks-tests-");
        try
        {
            CopyProgram(copy.FullName);
            await File.WriteAllTextAsync(Path.Combine(copy.FullName, "RedLockNet.SERedis.dll"), "not an assembly", TestContext.Current.CancellationToken);

            var run = await BenchmarksRun.StartAsync(Path.Combine(copy.FullName, Path.GetFileName(BenchmarksRun.Program)), commandLine.Split(' '));

            Assert.Equal(2, run.ExitCode);
            Assert.Contains("RedLock.net cannot be loaded", run.Errors, StringComparison.Ordinal);
            Assert.Contains("--implementation", run.Errors, StringComparison.Ordinal);
        }
        finally
        {
            copy.Delete(recursive: true);
        }
    }

    // The runtimes of all platforms are large, and are linked to.
    private static void CopyProgram(string into)
    {
        var from = Path.GetDirectoryName(BenchmarksRun.Program)!;
        foreach (var file in Directory.EnumerateFiles(from))
        {
            File.Copy(file, Path.Combine(into, Path.GetFileName(file)));
        }

        Directory.CreateSymbolicLink(Path.Combine(into, "runtimes"), Path.Combine(from, "runtimes"));
    }
}
