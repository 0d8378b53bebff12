using Coordination.Backends;
using Coordination.Redis.Tests.Servers;
using Coordination.Redis.Tests.Support;

namespace Coordination.Redis.Tests;

/// <summary>How names become keys.</summary>
public sealed class KeysTests
{
    private static readonly string[] Names =
    [
        "a", "A", "a/b", "a%2Fb", "a%", "a%25", "{a}", "a}", "}a", "{", "}", "{}", "}{", "%7B", "%7Ba%7D", "a:w", "a}:w", "a:changes", "é", "e\u0301", "😀",
        " ", "a ", "\u200b", "日本語", ":", "!", ":w", "hints:x",
    ];

    [Fact]
    public void No_two_names_share_a_key_or_channel()
    {
        var keys = new RedisKeys("coordination");
        var all = Names
            .SelectMany(name => (string[])[keys.Of(name).Claims.ToString(), keys.Of(name).Waiters.ToString(), keys.ChangesOf(name).ToString()])
            .Append(keys.HintsOf("x"))
            .ToList();

        Assert.Equal(all.Count, all.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void All_keys_of_a_resource_share_one_hash_tag_that_is_not_empty()
    {
        var keys = new RedisKeys("coordination");
        foreach (var name in Names)
        {
            var tags = ((string[])[keys.Of(name).Claims.ToString(), keys.Of(name).Waiters.ToString()]).Select(Tag).ToList();
            Assert.Single(tags.Distinct(StringComparer.Ordinal));
            Assert.NotEqual("", tags[0]);
        }

        // As Redis Cluster reads it: between the first { and the first } after it.
        static string Tag(string key)
        {
            var start = key.IndexOf('{', StringComparison.Ordinal);
            var end = key.IndexOf('}', start);
            return key[(start + 1)..end];
        }
    }

    [Fact]
    public void What_a_person_looks_for_is_found()
    {
        var keys = new RedisKeys("coordination");

        Assert.Equal("coordination:{invoice/42}", keys.Of("invoice/42").Claims.ToString());
        Assert.Equal("coordination:{invoice/42}:w", keys.Of("invoice/42").Waiters.ToString());
    }

    [Fact]
    public void Keys_are_kept_for_the_resources_used_last_and_no_more()
    {
        var keys = new RedisKeys("p");
        var kept = keys.Of("kept");
        Assert.Same(kept, keys.Of("kept"));

        for (var i = 0; i < 5000; i++)
        {
            keys.Of($"other {i}");
            if (i % 500 == 0)
            {
                Assert.Same(kept, keys.Of("kept"));
            }
        }

        var first = keys.Of("other 0");
        Assert.NotSame(kept, first);
        Assert.Equal("p:{other 0}", first.Claims.ToString());
    }

    [Fact]
    public void Half_a_character_is_refused() => Assert.Throws<System.Text.EncoderFallbackException>(() => new RedisKeys("p").Of("a\ud800"));
}

/// <summary>Options are checked before anything is sent.</summary>
public sealed class OptionsTests
{
    [Theory]
    [InlineData("Configuration", "")]
    [InlineData("Configuration", "password=secret")]
    [InlineData("Configuration", "localhost,connectTimeout=soon")]
    [InlineData("Configuration", "localhost,tunnel=nowhere")]
    [InlineData("KeyPrefix", "")]
    [InlineData("KeyPrefix", "a b")]
    [InlineData("KeyPrefix", "a{b}")]
    [InlineData("Database", "-2")]
    [InlineData("TokenRetention", "00:00:59")]
    [InlineData("TokenRetention", "366.00:00:00")]
    public void A_wrong_option_is_named(string option, string value)
    {
        var options = new RedisBackendOptions();
        var property = typeof(RedisBackendOptions).GetProperty(option)!;
        property.SetValue(options, System.ComponentModel.TypeDescriptor.GetConverter(property.PropertyType).ConvertFromInvariantString(value));

        var refused = Assert.Throws<ArgumentException>(() => RedisBackend.Create(options));

        Assert.Contains(option, refused.Message, StringComparison.Ordinal);
        Assert.NotEmpty(RedisBackendOptionsValidator.Failures(options));
    }

    [Fact]
    public void The_defaults_are_valid() =>
        Assert.Empty(RedisBackendOptionsValidator.Failures(new RedisBackendOptions()));

    [Fact]
    public void What_the_connection_string_says_is_kept_and_the_rest_notices_faults_soon()
    {
        var plain = RedisConnection.Configure("localhost");
        var said = RedisConnection.Configure("localhost, ConnectTimeout=7000, keepAlive=9, connectRetry=4");

        Assert.Equal((3000, 1, 5), (plain.ConnectTimeout, plain.ConnectRetry, plain.KeepAlive));
        Assert.Equal((7000, 4, 9), (said.ConnectTimeout, said.ConnectRetry, said.KeepAlive));
        Assert.False(plain.BacklogPolicy.QueueWhileDisconnected);
    }

    [Fact]
    public async Task A_database_and_a_prefix_of_its_own_keep_applications_apart()
    {
        Missing.SkipIf(RedisServerProcess.Program is null, "redis-server");
        await using var server = new RedisServerProcess();
        await server.StartAsync();
        var options = (RedisBackendOptions[])
        [
            new() { Configuration = server.EndPoint },
            new() { Configuration = server.EndPoint, Database = 3 },
            new() { Configuration = server.EndPoint, KeyPrefix = "other" },
        ];
        foreach (var each in options)
        {
            await using var backend = RedisBackend.Create(each);
            var session = await backend.OpenSessionAsync(new SessionRequest(TimeSpan.FromSeconds(30)), new Hints(), default);
            var key = new ClaimKey("same", BackendTests.NewId());
            var result = await session.ClaimAsync(new ClaimRequest(key, ClaimMode.Exclusive, 1, ""), TestContext.Current.CancellationToken);
            Assert.Equal(ClaimOutcome.Granted, result.Outcome);
        }
    }
}
