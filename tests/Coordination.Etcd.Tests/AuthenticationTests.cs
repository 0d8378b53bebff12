using Coordination.Backends;
using Coordination.Etcd.Tests.Servers;
using Coordination.Etcd.Tests.Support;
using Etcdserverpb;
using Google.Protobuf;

namespace Coordination.Etcd.Tests;

/// <summary>Users, roles and tokens.</summary>
public sealed class AuthenticationTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_user_with_a_role_on_the_prefix_can_do_everything()
    {
        await using var server = await StartAsync();
        await using var holder = new Coordinator(Backend(server, "app", "secret"));
        await using var waiter = new Coordinator(Backend(server, "app", "secret"));
        var held = await holder.CreateLock("x").AcquireAsync(Token);
        var waiting = waiter.CreateLock("x").AcquireAsync(Token).AsTask();
        await FaultTests.UntilAsync(async () => (await holder.InspectAsync("x", Token)).Waiters.Count == 1);
        await held.ReleaseAsync(Token);
        await using (var next = await waiting.WaitAsync(TimeSpan.FromSeconds(10), Token))
        {
            await next.RenewAsync(Token);
            Assert.Null(await holder.CreateLock("x").TryAcquireAsync(TimeSpan.Zero, Token));
        }

        await using var leader = await holder.CreateLeaderElection("y").CampaignAsync("me", Token);
        await leader.ProclaimAsync("still me", Token);
        Assert.Equal("still me", (await waiter.CreateLeaderElection("y").GetLeaderAsync(Token))?.Value);
    }

    [Theory]
    [InlineData("app", "wrong", "refused the user name or the password")]
    [InlineData("nobody", "secret", "refused the user name or the password")]
    [InlineData(null, null, "no user was given")]
    public async Task A_user_that_is_refused_is_told(string? user, string? password, string says)
    {
        await using var server = await StartAsync();
        await using var coordinator = new Coordinator(Backend(server, user, password));
        var fault = await Assert.ThrowsAsync<CoordinationException>(async () => await coordinator.CreateLock("x").AcquireAsync(Token));
        Assert.False(fault.IsTransient);
        Assert.Contains(says, fault.Message, StringComparison.Ordinal);
        Assert.Contains("'x'", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_without_a_role_is_told_what_it_lacks()
    {
        await using var server = await StartAsync();
        await using var coordinator = new Coordinator(Backend(server, "guest", "secret"));
        var fault = await Assert.ThrowsAsync<CoordinationException>(async () => await coordinator.CreateLock("x").AcquireAsync(Token));
        Assert.False(fault.IsTransient);
        Assert.Contains("lacks a permission", fault.Message, StringComparison.Ordinal);
        Assert.Contains("role grant-permission", fault.Message, StringComparison.Ordinal);
        fault = await Assert.ThrowsAsync<CoordinationException>(async () => await coordinator.InspectAsync("x", Token));
        Assert.False(fault.IsTransient);
    }

    [Fact]
    public async Task A_token_that_the_server_has_forgotten_is_asked_for_again()
    {
        await using var server = await StartAsync();
        await using var backend = Backend(server, "app", "secret");
        await using var session = await FaultTests.OpenAsync(backend, seconds: 60);
        var claim = FaultTests.Exclusive("x");
        Assert.Equal(ClaimOutcome.Granted, (await session.ClaimAsync(claim, Token)).Outcome);

        // Tokens are kept in memory: a restarted member knows none.
        await server.KillAsync();
        await server.StartAsync();
        await FaultTests.UntilAsync(async () =>
        {
            try
            {
                return !(await session.RenewAsync([claim.Key], Token)).IsSessionLost;
            }
            catch (CoordinationException exception) when (exception.IsTransient)
            {
                return false; // The connection had broken.
            }
        });
        Assert.True(await session.ReleaseAsync(claim.Key, Token));
    }

    [Fact]
    public async Task A_user_on_a_cluster_without_authentication_is_let_in()
    {
        await using var server = await FaultTests.StartAsync();
        await using var coordinator = new Coordinator(Backend(server, "app", "secret"));
        await using var lease = await coordinator.CreateLock("x").AcquireAsync(Token);
    }

    [Fact]
    public async Task A_user_logs_in_when_authentication_is_enabled_later()
    {
        await using var server = await FaultTests.StartAsync();
        await using var coordinator = new Coordinator(Backend(server, "app", "secret"));
        await using (await coordinator.CreateLock("x").AcquireAsync(Token))
        {
            await EnableAsync(server);
        }

        await using var lease = await coordinator.CreateLock("x").AcquireAsync(Token);
    }

    private static EtcdBackend Backend(EtcdServerProcess server, string? user, string? password) =>
        EtcdBackend.Create(new EtcdBackendOptions { Endpoints = server.Address, UserName = user, Password = password });

    private static async Task<EtcdServerProcess> StartAsync()
    {
        var server = await FaultTests.StartAsync();
        await EnableAsync(server);
        return server;
    }

    private static async Task EnableAsync(EtcdServerProcess server)
    {
        using var admin = new Admin(server.Address);
        await admin.Auth.UserAddAsync(new AuthUserAddRequest { Name = "root", Password = "root" });
        await admin.Auth.UserGrantRoleAsync(new AuthUserGrantRoleRequest { User = "root", Role = "root" });
        await admin.Auth.UserAddAsync(new AuthUserAddRequest { Name = "guest", Password = "secret" });
        await admin.Auth.UserAddAsync(new AuthUserAddRequest { Name = "app", Password = "secret" });
        await admin.Auth.RoleAddAsync(new AuthRoleAddRequest { Name = "app" });
        await admin.Auth.UserGrantRoleAsync(new AuthUserGrantRoleRequest { User = "app", Role = "app" });
        await admin.Auth.RoleGrantPermissionAsync(new AuthRoleGrantPermissionRequest
        {
            Name = "app",
            Perm = new Authpb.Permission
            {
                PermType = Authpb.Permission.Types.Type.Readwrite,
                Key = ByteString.CopyFromUtf8("coordination|"),
                RangeEnd = ByteString.CopyFromUtf8("coordination}"),
            },
        });
        await admin.Auth.AuthEnableAsync(new AuthEnableRequest());
    }
}
