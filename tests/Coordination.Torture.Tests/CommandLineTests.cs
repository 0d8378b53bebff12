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
    [InlineData("--clients must be", "--backend", "redis", "--clients", "1")]
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

    [Fact]
    public async Task A_server_that_is_not_installed_is_named_with_its_package()
    {
        var (exitCode, output) = await TortureProgram.RunWithoutServersAsync("--backend", "etcd");
        Assert.Equal(2, exitCode);
        Assert.Contains("etcd is not installed (Debian: apt-get install etcd-server).", output, StringComparison.Ordinal);
    }
}
