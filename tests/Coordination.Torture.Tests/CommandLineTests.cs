namespace Coordination.Torture.Tests;

/// <summary>What cannot be run is said, and ends with exit code 2.</summary>
public sealed class CommandLineTests
{
    [Theory]
    [InlineData("--backend must be one of", "--backend", "oracle")]
    [InlineData("--backend must be one of")]
    [InlineData("--seed must be a whole number from 0 to 2147483647; it was 'many'", "--backend", "memory", "--seed", "many")]
    [InlineData("--seed must be", "--backend", "memory", "--seed=-1")]
    [InlineData("--minutes must be", "--backend", "redis", "--minutes", "0")]
    [InlineData("--minutes must be", "--backend", "memory", "--minutes=-1")]
    [InlineData("'soon'", "--backend", "memory", "--minutes", "soon")]
    [InlineData("--seed must be", "--backend", "memory", "--seed", "2147483648")]
    [InlineData("--schedules must be", "--backend", "memory", "--schedules", "0")]
    [InlineData("--clients must be", "--backend", "redis", "--clients", "1")]
    [InlineData("--workers", "--backend", "redis", "--workers", "0")]
    [InlineData("--peer must be", "--backend", "redis", "--peer", "Nobody")]
    [InlineData("--peer must be", "--backend", "redlock", "--peer", "DistributedLock.Redis")]
    [InlineData("--peer must be", "--backend", "etcd", "--peer", "RedLock.net")]
    [InlineData("--bug must be one of: a late deadline", "--backend", "memory", "--bug", "none")]
    [InlineData("go with --backend memory or redlock only", "--backend", "redis", "--schedules", "1")]
    [InlineData("colour", "--backend", "memory", "--colour", "red")]
    public async Task Bad_input_is_refused_with_exit_code_2(string message, params string[] arguments)
    {
        var (exitCode, output) = await TortureProgram.RunAsync(arguments);
        Assert.Equal(2, exitCode);
        Assert.Contains(message, output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("redis")]
    public async Task What_a_run_started_ends_with_it_when_it_is_told_to_end(string backend)
    {
        var (exitCode, left) = await TortureProgram.InterruptAsync("--backend", backend, "--minutes", "5");
        Assert.Equal(130, exitCode);
        Assert.Empty(left);
    }

    [Theory]
    [InlineData("redis", "redis-server is not installed (Debian: apt-get install redis-server).")]
    [InlineData("redlock", "redis-server is not installed (Debian: apt-get install redis-server).")]
    [InlineData("etcd", "etcd is not installed (Debian: apt-get install etcd-server).")]
    [InlineData("zookeeper", "is not installed (Debian: apt-get install ")]
    public async Task A_server_that_is_not_installed_is_named_with_its_package(string backend, string message)
    {
        var (exitCode, output) = await TortureProgram.RunWithoutServersAsync("--backend", backend);
        Assert.Equal(2, exitCode);
        Assert.Contains(message, output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("redis")]
    [InlineData("memory")]
    public async Task A_directory_that_cannot_be_written_to_is_refused_before_anything_is_started(string backend)
    {
        using var directory = new TemporaryDirectory();
        var file = Path.Combine(directory.Path, "file");
        await File.WriteAllTextAsync(file, "not a directory", TestContext.Current.CancellationToken);
        foreach (var bad in new[] { file, Path.Combine(file, "within"), "/dev/null/nowhere", "/proc" })
        {
            // Without servers it would say so, had it come to that.
            var (exitCode, output) = await TortureProgram.RunWithoutServersAsync("--backend", backend, "--minutes", "5", "--out", bad);
            Assert.Equal(2, exitCode);
            Assert.Contains($"--out {bad} cannot be written to", output, StringComparison.Ordinal);
        }
    }
}
