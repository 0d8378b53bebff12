using Coordination.DependencyInjection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Coordination.Etcd.Tests;

/// <summary>How names become keys.</summary>
public sealed class KeysTests
{
    private static readonly string[] Names =
    [
        "a", "A", "a/b", "a%2Fb", "a%", "a%25", "a|", "|a", "|", "||", "a|b", "a%7Cb", "a%7C", "é", "e\u0301", "😀", " ", "a ", "\u200b", "日本語", "a}", "a{",
    ];

    [Fact]
    public void No_range_of_a_name_contains_a_key_of_another_or_of_a_session()
    {
        var keys = new EtcdKeys("coordination");
        foreach (var name in Names)
        {
            var range = keys.QueueOf(name);
            foreach (var other in Names)
            {
                var key = keys.Of(other, "7587-0").Claim;
                Assert.Equal(name == other, IsIn(range, key.Span));
            }

            Assert.False(IsIn(range, keys.EpochOf(0x7c7c).Span));
            Assert.Equal("7587-0", keys.Of(name, "7587-0").Name);
            Assert.Equal(range, keys.Of(name, "7587-0").Queue);
        }

        static bool IsIn(EtcdRange range, ReadOnlySpan<byte> key) => key.SequenceCompareTo(range.Start.Span) >= 0 && key.SequenceCompareTo(range.End.Span) < 0;
    }

    [Fact]
    public void What_a_person_looks_for_is_found()
    {
        var keys = new EtcdKeys("coordination");
        Assert.Equal("coordination|invoice/42|7587-0", keys.Of("invoice/42", "7587-0").Claim.ToStringUtf8());
        Assert.Equal("coordination||7587", keys.EpochOf(0x7587).ToStringUtf8());
    }
}

/// <summary>Options are checked before anything is sent.</summary>
public sealed class OptionsTests
{
    [Theory]
    [InlineData("Endpoints", "")]
    [InlineData("Endpoints", " , ")]
    [InlineData("Endpoints", "ftp://localhost:2379")]
    [InlineData("Endpoints", "http://localhost:2379/v3")]
    [InlineData("Endpoints", "http://localhost:2379,:")]
    [InlineData("KeyPrefix", "")]
    [InlineData("KeyPrefix", "a b")]
    [InlineData("KeyPrefix", "a|b")]
    [InlineData("UserName", "app")]
    [InlineData("Password", "secret")]
    [InlineData("ClientKeyFile", "key.pem")]
    [InlineData("CallTimeout", "00:00:00.099")]
    [InlineData("CallTimeout", "00:01:01")]
    public void A_wrong_option_is_named(string option, string value)
    {
        var options = new EtcdBackendOptions();
        var property = typeof(EtcdBackendOptions).GetProperty(option)!;
        property.SetValue(options, System.ComponentModel.TypeDescriptor.GetConverter(property.PropertyType).ConvertFromInvariantString(value));

        var refused = Assert.Throws<ArgumentException>(() => EtcdBackend.Create(options));

        Assert.Contains(option, refused.Message, StringComparison.Ordinal);
        Assert.NotEmpty(EtcdBackendOptionsValidator.Failures(options));
    }

    [Fact]
    public void The_defaults_are_valid() => Assert.Empty(EtcdBackendOptionsValidator.Failures(new EtcdBackendOptions()));

    [Fact]
    public void Several_endpoints_are_read_and_http_is_what_is_meant_where_nothing_is_said() =>
        Assert.Equal(
            [new Uri("http://etcd1:2379"), new Uri("https://etcd2:2380"), new Uri("http://127.0.0.1:2379")],
            EtcdBackendOptionsValidator.Addresses("etcd1:2379, https://etcd2:2380/,127.0.0.1:2379,"));

    [Fact]
    public void They_are_bound_from_configuration_and_the_arguments_of_UseEtcd()
    {
        var section = new ConfigurationBuilder().AddInMemoryCollection(
            [new("Endpoints", "http://etcd1:2379"), new("KeyPrefix", "invoicing"), new("CallTimeout", "00:00:01")]).Build();
        var bound = Build(static (builder, section) => builder.UseEtcd(section));
        var given = Build(static (builder, _) => builder.UseEtcd("http://etcd2:2379", static options => options.KeyPrefix = "other"));
        Assert.Equal(("http://etcd1:2379", "invoicing", TimeSpan.FromSeconds(1)), (bound.Endpoints, bound.KeyPrefix, bound.CallTimeout));
        Assert.Equal(("http://etcd2:2379", "other"), (given.Endpoints, given.KeyPrefix));

        EtcdBackendOptions Build(Action<ICoordinatorBuilder, IConfiguration> use)
        {
            var services = new ServiceCollection();
            use(services.AddCoordinator(), section);
            using var provider = services.BuildServiceProvider();
            Assert.IsType<Coordinator>(provider.GetRequiredService<ICoordinator>());
            return provider.GetRequiredService<IOptions<EtcdBackendOptions>>().Value;
        }
    }
}
