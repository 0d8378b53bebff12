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
    [InlineData("figures --backend paper", "paper")]
    [InlineData("micro --backend etcd-3", "etcd-3")]
    [InlineData("report", "SET")]
    [InlineData("report everything", "everything")]
    [InlineData("report smoke --output /dev/null/nowhere", "--output")]
    [InlineData("uncontended --json /nowhere/at/all.json", "--json")]
    [InlineData("uncontended --redis 127.0.0.1:1", "127.0.0.1:1")]
    [InlineData("uncontended --distance -1", "--distance")]
    [InlineData("uncontended --distance 250 --redis 127.0.0.1:1", "--distance")]
    [InlineData("uncontended --distance 250 --backend redis,memory", "--distance")]
    [InlineData("uncontended --backend redlock-3 --redlock 127.0.0.1:1,127.0.0.1:2", "odd")]
    [InlineData("uncontended --backend redlock-3 --redlock 127.0.0.1:1,127.0.0.1:2,127.0.0.1:3", "127.0.0.1:1, 127.0.0.1:2, 127.0.0.1:3. Start it, or leave the option out")]
    [InlineData("uncontended --backend etcd --etcd 127.0.0.1:1", "127.0.0.1:1")]
    [InlineData("uncontended --backend zookeeper --zookeeper 127.0.0.1:1", "127.0.0.1:1")]
    public async Task Is_refused_with_a_message_that_names_it(string commandLine, string expected)
    {
        var run = await BenchmarksRun.StartAsync(commandLine.Split(' '));

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(expected, run.Errors, StringComparison.Ordinal);
        Assert.Contains("--help", run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("µs", run.Output, StringComparison.Ordinal); // nothing was measured
    }

    [Theory]
    [InlineData("contention --backend redis", "redis-server", "--redis")]
    [InlineData("uncontended --backend redlock-3", "redis-server", "--redlock")]
    [InlineData("handoff --backend etcd", "etcd-server", "--etcd")]
    [InlineData("scale --backend zookeeper", "libzookeeper-java", "--zookeeper")]
    [InlineData("figures --backend redis", "redis-server", "--redis")]
    [InlineData("report smoke --output OUTPUT", "redis-server", "--redis")]
    public async Task A_server_that_is_not_installed_is_named_with_its_package_and_its_option(string commandLine, string package, string option)
    {
        var output = Directory.CreateTempSubdirectory("coordination-benchmarks-tests-");
        try
        {
            var run = await BenchmarksRun.StartWithoutServersAsync(commandLine.Replace("OUTPUT", output.FullName, StringComparison.Ordinal).Split(' '));

            Assert.Equal(2, run.ExitCode);
            Assert.Contains($"apt-get install {package}", run.Errors, StringComparison.Ordinal);
            Assert.Contains($"{option} host:port", run.Errors, StringComparison.Ordinal);
        }
        finally
        {
            output.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("contention", "RedLock.net", "RedLockNet.SERedis.dll")]
    [InlineData("contention --implementation redlock.net", "RedLock.net", "RedLockNet.SERedis.dll")]
    [InlineData("contention", "RedLock.net", "RedLockNet.Abstractions.dll")]
    [InlineData("contention", "DistributedLock.Redis", "DistributedLock.Redis.dll")]
    [InlineData("uncontended", "DistributedLock.Redis", "DistributedLock.Redis.dll")]
    [InlineData("uncontended --backend redlock-5", "RedLock.net", "RedLockNet.SERedis.dll")]
    [InlineData("figures --backend redis", "DistributedLock.Redis", "DistributedLock.Core.dll")]
    [InlineData("micro --short", "DistributedLock.Redis", "DistributedLock.Redis.dll")]
    [InlineData("allocations", "RedLock.net", "RedLockNet.SERedis.dll")]
    [InlineData("report smoke", "RedLock.net", "RedLockNet.SERedis.dll")]
    [InlineData("report quick", "DistributedLock.Redis", "DistributedLock.Redis.dll")]
    public async Task A_peer_that_cannot_be_loaded_is_named_before_anything_is_started(string commandLine, string package, string file)
    {
        var copy = Directory.CreateTempSubdirectory("coordination-benchmarks-tests-");
        try
        {
            CopyProgram(copy.FullName, without: file);

            var run = await BenchmarksRun.StartAsync(Path.Combine(copy.FullName, Path.GetFileName(BenchmarksRun.Program)), commandLine.Split(' '));

            Assert.Equal(2, run.ExitCode);
            Assert.Contains($"The package {package} cannot be loaded", run.Errors, StringComparison.Ordinal);
            Assert.Contains("--implementation", run.Errors, StringComparison.Ordinal);
            Assert.Empty(run.Output);
        }
        finally
        {
            copy.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_peer_that_is_no_assembly_is_named()
    {
        var copy = Directory.CreateTempSubdirectory("coordination-benchmarks-tests-");
        try
        {
            CopyProgram(copy.FullName, without: "RedLockNet.SERedis.dll");
            await File.WriteAllTextAsync(Path.Combine(copy.FullName, "RedLockNet.SERedis.dll"), "not an assembly", TestContext.Current.CancellationToken);

            var run = await BenchmarksRun.StartAsync(Path.Combine(copy.FullName, Path.GetFileName(BenchmarksRun.Program)), ["contention"]);

            Assert.Equal(2, run.ExitCode);
            Assert.Contains("The package RedLock.net cannot be loaded", run.Errors, StringComparison.Ordinal);
        }
        finally
        {
            copy.Delete(recursive: true);
        }
    }

    // The runtimes of all platforms are large, and are linked to.
    private static void CopyProgram(string into, string without)
    {
        var from = Path.GetDirectoryName(BenchmarksRun.Program)!;
        foreach (var file in Directory.EnumerateFiles(from).Where(file => Path.GetFileName(file) != without))
        {
            File.Copy(file, Path.Combine(into, Path.GetFileName(file)));
        }

        Directory.CreateSymbolicLink(Path.Combine(into, "runtimes"), Path.Combine(from, "runtimes"));
    }
}
