using Coordination.Redis.Tests.Servers;
using Coordination.Redis.Tests.Support;
using StackExchange.Redis;

namespace Coordination.Redis.Tests;

/// <summary>Writes of a user's own to Redis, refused once a later holder has written.</summary>
public abstract class FenceTests(IServerFixture fixture) : BackendTests(fixture)
{
    [Fact]
    public async Task A_holder_whose_lease_is_over_writes_until_the_next_one_has_and_never_after()
    {
        await using var coordinator = new Coordinator(Connect());
        RedisKey key = $"invoice/{Resource}";
        var first = await coordinator.CreateLock(Resource).AcquireAsync(Token);
        Assert.True(await Database.StringSetFencedAsync(key, "1", first.FencingToken));
        Assert.True(await Database.StringSetFencedAsync(key, "2", first.FencingToken));
        await first.ReleaseAsync(Token);

        var second = await coordinator.CreateLock(Resource).AcquireAsync(Token);
        Assert.True(await Database.StringSetFencedAsync(key, "3", second.FencingToken));

        // The first was paused meanwhile, and its write comes now.
        Assert.False(await Database.StringSetFencedAsync(key, "late", first.FencingToken));
        Assert.Equal("3", await Database.StringGetAsync(key));
        Assert.Equal(second.FencingToken.Value, (long)await Database.StringGetAsync(RedisFence.KeyOf(key)));
        await second.DisposeAsync();
    }

    [Fact]
    public async Task Tokens_are_compared_as_numbers_up_to_the_greatest_that_Redis_gives()
    {
        RedisKey key = $"fenced/{Resource}";
        Assert.True(await Database.StringSetFencedAsync(key, "a", new FencingToken(9)));
        Assert.True(await Database.StringSetFencedAsync(key, "b", new FencingToken(10)));
        Assert.False(await Database.StringSetFencedAsync(key, "c", new FencingToken(9)));
        Assert.True(await Database.StringSetFencedAsync(key, "d", new FencingToken((1L << 53) - 1)));
        Assert.False(await Database.StringSetFencedAsync(key, "e", new FencingToken((1L << 53) - 2)));
        Assert.Equal("d", await Database.StringGetAsync(key));
    }

    [Theory]
    [InlineData("invoice/42")]
    [InlineData("{a}b")]
    [InlineData("x{a}")]
    [InlineData("{")]
    public void A_fence_is_in_the_slot_of_its_key(string key)
    {
        var fence = RedisFence.KeyOf(key);

        Assert.EndsWith(":fence", (string?)fence, StringComparison.Ordinal);
        Assert.Equal(Tag(key), Tag(fence!));

        static string Tag(string name)
        {
            var open = name.IndexOf('{', StringComparison.Ordinal);
            var close = open < 0 ? -1 : name.IndexOf('}', open + 1);
            return close > open + 1 ? name[(open + 1)..close] : name;
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("a}")]
    [InlineData("{}a")]
    public async Task A_key_whose_fence_could_be_in_another_slot_is_refused(string key) =>
        await Assert.ThrowsAsync<ArgumentException>("key", () => Database.StringSetFencedAsync(key, "x", new FencingToken(1)));
}

/// <inheritdoc/>
public sealed class RedisFenceTests(RedisFixture fixture) : FenceTests(fixture), IClassFixture<RedisFixture>;

/// <inheritdoc/>
public sealed class GarnetFenceTests(GarnetFixture fixture) : FenceTests(fixture), IClassFixture<GarnetFixture>;
