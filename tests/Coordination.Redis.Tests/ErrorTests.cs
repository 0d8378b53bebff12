using Coordination.Redis.Tests.Servers;
using Coordination.Redis.Tests.Support;
using StackExchange.Redis;

namespace Coordination.Redis.Tests;

/// <summary>What other versions of the server say, told by this one: the driver sees the same.</summary>
/// <param name="fixture">The server.</param>
public sealed class ErrorTests(RedisFixture fixture) : BackendTests(fixture), IClassFixture<RedisFixture>
{
    [Theory]
    [InlineData("ERR Error running script (call to f_1): @user_script:101: -OOM command not allowed when used memory > 'maxmemory'.", true, "out of memory")]
    [InlineData("ERR Error running script (call to f_1): @user_script:101: -READONLY You can't write against a read only replica.", true, "read-only replica")]
    [InlineData("ERR Error running script (call to f_1): @user_script:101: -MISCONF Redis is configured to save RDB snapshots", true, "refuses writes")]
    [InlineData("ERR The user executing the script can't run this command or subcommand script: 1, on @user_script:1.", false, "lacks a permission")]
    [InlineData("ERR unknown command 'EVALSHA'", false, "does not know a command")]
    [InlineData("ERR user_script:7: attempt to index a nil value", false, "answered with an error: ERR user_script:7")]
    public async Task An_error_is_told_by_its_cause_not_by_the_code_in_front_of_it(string said, bool isTransient, string told)
    {
        var exception = await Assert.ThrowsAsync<RedisServerException>(
            () => Database.ScriptEvaluateAsync("return redis.error_reply(ARGV[1])", values: [said]));

        var fault = Assert.IsType<CoordinationException>(RedisErrors.Translate(exception, "claim", "r"));

        Assert.Equal(isTransient, fault.IsTransient);
        Assert.Contains(told, fault.Message, StringComparison.Ordinal);
    }
}
