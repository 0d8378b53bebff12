using Coordination.DependencyInjection;
using Coordination.ZooKeeper.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Coordination.ZooKeeper.Tests;

/// <summary>Options are checked before anything is sent.</summary>
public sealed class OptionsTests
{
    [Theory]
    [InlineData("ConnectionString", "")]
    [InlineData("ConnectionString", " , ")]
    [InlineData("ConnectionString", "zk1:port")]
    [InlineData("ConnectionString", "zk1:2181/a//b")]
    [InlineData("RootPath", "")]
    [InlineData("RootPath", "/")]
    [InlineData("RootPath", "coordination")]
    [InlineData("RootPath", "/a/../b")]
    [InlineData("UserName", "app")]
    [InlineData("Password", "secret")]
    [InlineData("Acl", "")]
    [InlineData("Acl", "world:anyone")]
    [InlineData("Acl", "world:anyone:")]
    [InlineData("Acl", "world:anyone:rx")]
    [InlineData("ClientCertificateFile", "client.pem")]
    [InlineData("ClientKeyFile", "key.pem")]
    [InlineData("CallTimeout", "00:00:00.099")]
    [InlineData("CallTimeout", "00:01:01")]
    public void A_wrong_option_is_named(string option, string value)
    {
        var options = new ZooKeeperBackendOptions { UseTls = option == "ClientKeyFile" };
        var property = typeof(ZooKeeperBackendOptions).GetProperty(option)!;
        property.SetValue(options, System.ComponentModel.TypeDescriptor.GetConverter(property.PropertyType).ConvertFromInvariantString(value));
        var refused = Assert.Throws<ArgumentException>(() => ZooKeeperBackend.Create(options));

        Assert.Contains(option == "ClientCertificateFile" ? "UseTls" : option, refused.Message, StringComparison.Ordinal);
        Assert.NotEmpty(ZooKeeperBackendOptionsValidator.Failures(options));
    }

    [Fact]
    public void The_defaults_are_valid() => Assert.Empty(ZooKeeperBackendOptionsValidator.Failures(new ZooKeeperBackendOptions()));

    [Fact]
    public void An_ACL_is_read_as_ZooKeepers_shell_writes_it()
    {
        Assert.Equal(
            [new ZooKeeperAcl(ZooKeeperPermissions.All, "digest", "app:aGFzaA=="), new ZooKeeperAcl(ZooKeeperPermissions.Read, "ip", "::1/64"), new ZooKeeperAcl(ZooKeeperPermissions.All, "auth", "")],
            ZooKeeperAcls.Parse("digest:app:aGFzaA==:cdrwa, ip:::1/64:r,auth::cdrwa"));
        Assert.Equal(ZooKeeperAcl.Open, ZooKeeperAcls.Of(new ZooKeeperBackendOptions()));
        Assert.Equal(ZooKeeperAcl.CreatorAll, ZooKeeperAcls.Of(new ZooKeeperBackendOptions { UserName = "app", Password = "secret" }));
    }

    [Fact]
    public void They_are_bound_from_configuration_and_the_arguments_of_UseZooKeeper()
    {
        var section = new ConfigurationBuilder().AddInMemoryCollection(
            [new("ConnectionString", "zk1:2181,zk2:2181/apps"), new("RootPath", "/invoicing"), new("CallTimeout", "00:00:01")]).Build();
        var bound = Build(static (builder, section) => builder.UseZooKeeper(section));
        var given = Build(static (builder, _) => builder.UseZooKeeper("zk3:2181", static options => options.RootPath = "/other"));
        Assert.Equal(("zk1:2181,zk2:2181/apps", "/invoicing", TimeSpan.FromSeconds(1)), (bound.ConnectionString, bound.RootPath, bound.CallTimeout));
        Assert.Equal(("zk3:2181", "/other"), (given.ConnectionString, given.RootPath));

        ZooKeeperBackendOptions Build(Action<ICoordinatorBuilder, IConfiguration> use)
        {
            var services = new ServiceCollection();
            use(services.AddCoordinator(), section);
            using var provider = services.BuildServiceProvider();
            Assert.IsType<Coordinator>(provider.GetRequiredService<ICoordinator>());
            return provider.GetRequiredService<IOptions<ZooKeeperBackendOptions>>().Value;
        }
    }
}
